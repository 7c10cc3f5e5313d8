/** What the console changes: who may, what it says beforehand, and that all of it is in the audit log. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ModelDetail, ModelsView, OutlookView } from '../../engine/console/wire-models.js';
import type { AlertView, AuditView, JobsView } from '../../engine/console/wire-operations.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { TENANTS, asked, hash, openConsole, type Answered, type ServedConsole } from '../support/console.js';
import { inventedBars } from '../support/markets.js';
import { registerModel } from '../support/rollout.js';
import type { TestClient } from '../support/served.js';

const SERIES = 'acme@published/EURUSD/1h';
const HOUR = 3_600_000;
const [ACME, ...OTHERS] = TENANTS;
const WITH_ENGINEER = [
  {
    ...ACME!,
    apiKeySha256: [...ACME!.apiKeySha256, { sha256: hash('eng-a'), role: 'engineer' as const }],
  },
  ...OTHERS,
];
const bars = inventedBars(400, { seed: 5 });

/** An engine on which acme has a market with a model in production and one that is registered. */
async function servedMarket(t: TestContext): Promise<ServedConsole & { readonly client: TestClient }> {
  const served = await openConsole(t, WITH_ENGINEER);
  const { engine, client } = served;
  await client.publish(bars.slice(0, 300), 'key-a');
  await engine.settled();
  const series = seriesIdentity(SERIES);
  for (const [seed, version] of ['v1.0.0', 'v1.0.1'].entries())
    await registerModel(engine, { series, version, seed });
  return served;
}

const keyOf = (version: string): string => `tenant/published/EURUSD/1h/${version}`;
const about = (version: string): string =>
  `series=${encodeURIComponent(SERIES)}&model=${encodeURIComponent(keyOf(version))}`;

test('an engineer promotes, tries, rolls back; each act says beforehand what it does, and is on record', async (t) => {
  const { address, engine, client } = await servedMarket(t);
  const get = async <T>(path: string, key = 'eng-a'): Promise<T> =>
    (await asked(address, path, { key })).body as T;
  const act = async (version: string, change: string, key = 'eng-a', more = {}): Promise<Answered> =>
    await asked(address, '/api/model/change', {
      key,
      method: 'POST',
      body: { series: SERIES, model: keyOf(version), change, reason: 'by a test', ...more },
    });

  // Nobody but an engineer may, and everyone is told why not.
  for (const key of ['view-a', 'key-a']) {
    const { acts } = await get<ModelDetail>(`/api/model?${about('v1.0.0')}`, key);
    assert.equal(acts.length, 7);
    for (const { refusal } of acts) assert.match(refusal ?? '', /changed by engineers/);
    assert.equal((await act('v1.0.0', 'promote', key)).status, 403);
  }
  assert.equal((await act('v1.0.0', 'promote', 'key-z')).status, 403);
  assert.equal((await act('v1.0.0', 'promote', 'key-o')).status, 404, 'an operator of another tenant');

  const first = await get<OutlookView>(`/api/outlook?${about('v1.0.0')}&change=promote`);
  const through = new Date(bars[299]!.openTime + HOUR).toISOString().slice(0, 16).replace('T', ' ');
  assert.equal(
    first.sentence,
    `v1.0.0 of published/EURUSD/1h goes from validated to production and serves every bar from the first bar that closes after ${through} UTC on; nothing served before it, so there is nothing to roll back to.`,
  );
  assert.equal((await act('v1.0.0', 'promote')).status, 200);
  const canary = await get<OutlookView>(
    `/api/outlook?${about('v1.0.1')}&change=canary&share=0.25&automatic=1`,
  );
  assert.match(
    canary.sentence,
    /from validated to canary and serves 25 % of the bars .* v1\.0\.0 stays production/,
  );
  const tried = await act('v1.0.1', 'canary', 'eng-a', { share: 0.25, automatic: true });
  assert.deepEqual([tried.status, tried.body], [200, { status: 'canary' }]);

  await client.publish(bars.slice(300), 'key-a');
  await engine.settled();
  await engine.stored();
  const { models } = await get<ModelsView>(`/api/models?series=${encodeURIComponent(SERIES)}`, 'view-a');
  assert.deepEqual(
    models.map(({ version, status, arm, share, trial }) => [version, status, arm, share, trial]),
    [
      ['v1.0.0', 'production', 'production', null, null],
      ['v1.0.1', 'canary', 'canary', 0.25, 'challenger'],
    ],
  );
  const detail = await get<ModelDetail>(`/api/model?${about('v1.0.1')}`, 'view-a');
  const [trial] = detail.trials;
  assert.ok(trial !== undefined && trial.bars > 50 && trial.own !== null, JSON.stringify(trial));
  assert.equal(trial.against, 'v1.0.0');
  assert.match(trial.deciding[0]!.outcome, /serves 50 % of the bars/);
  assert.deepEqual(trial.deciding[0]!.conditions[0]!.value, trial.better);
  assert.equal(detail.history[0]!.who, 'acme');
  assert.equal(detail.history[0]!.reason, 'by a test');

  assert.equal((await act('v1.0.1', 'promote')).status, 200);
  assert.equal((await act('v1.0.1', 'archive')).status, 400, 'production is not archived');
  assert.equal((await act('v1.0.1', 'rollback')).status, 200);
  const after = await get<ModelsView>(`/api/models?series=${encodeURIComponent(SERIES)}`);
  assert.deepEqual(
    after.models.map(({ version, status }) => [version, status]),
    [
      ['v1.0.0', 'production'],
      ['v1.0.1', 'deprecated'],
    ],
  );

  const audit = await get<readonly AuditView[]>('/api/audit');
  const acts = audit.map(({ action, outcome, request, who, role }) => [
    action,
    outcome,
    who,
    role,
    (JSON.parse(request) as { change: string }).change,
  ]);
  const line = (change: string, outcome = 'OK'): string[] => [
    'POST /api/model/change',
    outcome,
    'acme',
    'engineer',
    change,
  ];
  assert.deepEqual(acts, [
    line('rollback'),
    line('archive', 'INVALID_ARGUMENT'),
    line('promote'),
    line('canary'),
    line('promote'),
  ]);
  assert.ok(!JSON.stringify(audit).includes('eng-a'), 'no credential is in it');
  assert.equal((await asked(address, '/api/audit', { key: 'key-a' })).status, 403);
  assert.equal((await get<readonly AuditView[]>('/api/audit', 'key-o')).length >= 5, true);
});

test('every request that changes something is in the audit log, whatever its route and its end', async (t) => {
  const { address } = await servedMarket(t);
  const source = readFileSync(
    fileURLToPath(new URL('../../../engine/console/routes.ts', import.meta.url)),
    'utf8',
  );
  const changing = [...source.matchAll(/\b(post|put|patch|delete)\(\s*'(\/api\/[a-z/-]+)'/g)]
    .map(([, method = '', path = '']) => ({ method: method.toUpperCase(), path }))
    // A session changes nothing of the engine.
    .filter(({ path }) => path !== '/api/session');
  assert.ok(changing.length >= 5, JSON.stringify(changing));
  const bodies: Readonly<Record<string, object>> = {
    '/api/dead-letters/retry': { sink: 'predictions' },
    '/api/alerts/acknowledge': { id: 'none' },
    '/api/alerts/close': { id: 'none' },
    '/api/jobs/cancel': { id: 'none' },
  };
  for (const { method, path } of changing) {
    for (const body of [bodies[path] ?? {}, { wrong: true }])
      await asked(address, path, { key: 'key-o', method, body });
    await asked(address, path, { key: 'view-a', method, body: bodies[path] ?? {} });
    const audit = (await asked(address, '/api/audit', { key: 'key-o' })).body as unknown as AuditView[];
    const own = audit.filter(({ action }) => action === `${method} ${path}`);
    assert.equal(own.length, 2, `${method} ${path}: ${JSON.stringify(own)}`);
    assert.equal(own[0]!.outcome, 'INVALID_ARGUMENT');
    assert.deepEqual([own[0]!.who, own[0]!.role], ['ops', 'operator']);
    assert.match(own[0]!.from, /^console 127\.0\.0\.1/);
  }
});

test('alerts are acknowledged and closed by engineers of their tenant, and trainings cancelled', async (t) => {
  const { address, engine } = await servedMarket(t);
  const { modelId } = (await engine.registry.list(seriesIdentity(SERIES)))[0]!;
  engine.alerts.raise({
    tenantId: 'acme',
    seriesId: SERIES,
    home: seriesIdentity(SERIES),
    modelId,
    version: 'v1.0.0',
    kind: 'input_drift',
    severity: 'warning',
    summary: 'Two inputs drifted.',
    details: {},
    raisedAt: 1_000,
  });
  const alerts = async (key: string, all = 0): Promise<AlertView[]> =>
    (await asked(address, `/api/alerts?all=${all}`, { key })).body as unknown as AlertView[];
  while ((await alerts('view-a')).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const [alert] = await alerts('view-a');
  assert.deepEqual([alert!.state, alert!.mayChange, alert!.summary], ['open', false, 'Two inputs drifted.']);
  assert.deepEqual(await alerts('key-z'), []);
  const change = async (to: string, key: string): Promise<Answered> =>
    await asked(address, `/api/alerts/${to}`, { key, method: 'POST', body: { id: alert!.id } });
  assert.equal((await change('acknowledge', 'view-a')).status, 403);
  assert.equal((await alerts('eng-a'))[0]!.mayChange, true);
  assert.equal((await change('acknowledge', 'eng-a')).status, 200);
  assert.match((await alerts('view-a'))[0]!.acknowledgedBy ?? '', /engineer of acme/);
  assert.equal((await change('acknowledge', 'eng-a')).status, 404, 'it is no longer open');
  assert.equal((await change('close', 'key-o')).status, 200, 'an operator closes any');
  assert.deepEqual(await alerts('view-a'), []);
  assert.equal((await alerts('view-a', 1))[0]!.state, 'closed');

  const job = await engine.retraining.request({
    seriesId: SERIES,
    cause: 'requested',
    reason: 'Asked for.',
    priority: 1,
    dataFrom: Date.UTC(2100, 0, 1),
    newEncoder: false,
  });
  const jobs = async (key: string): Promise<JobsView> =>
    (await asked(address, '/api/jobs?all=1', { key })).body as unknown as JobsView;
  const [shown] = (await jobs('view-a')).jobs;
  assert.deepEqual([shown!.id, shown!.status, shown!.mayCancel], [job.jobId, 'queued', false]);
  assert.ok((await jobs('view-a')).budgetSeconds > 0);
  assert.deepEqual((await jobs('key-z')).jobs, []);
  const cancel = { method: 'POST', body: { id: job.jobId } };
  assert.equal((await asked(address, '/api/jobs/cancel', { ...cancel, key: 'key-a' })).status, 403);
  assert.equal((await asked(address, '/api/jobs/cancel', { ...cancel, key: 'eng-a' })).status, 200);
  assert.equal((await jobs('view-a')).jobs[0]!.status, 'cancelled');
});
