import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { status, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadDefinition, serviceNames } from '../../engine/api/definition.js';
import type { Engine } from '../../engine/engine.js';
import type { ModelSeries } from '../../engine/registry/model-registry.js';
import { afterTest } from '../support/cleanup.js';
import { asked, serveConsole, tenantsOf } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { registerModel } from '../support/rollout.js';
import { TestClient, eventually } from '../support/served.js';

const NAME = 'published/EURUSD/1h';
const ACME: ModelSeries = { tenantId: 'acme', feed: 'published', symbol: 'EURUSD', timeframe: '1h' };
const HOUR = 3_600_000;
const bars = inventedBars(262, { seed: 14 });

/** Callers: their tenant, role and user. */
const KEYS = {
  acme: ['acme', 'engineer', undefined],
  ann: ['acme', 'engineer', 'ann'],
  bob: ['acme', 'engineer', 'bob'],
  bobTrades: ['acme', 'trader', 'bob'],
  zen: ['zen', 'engineer', undefined],
  zoe: ['zen', 'engineer', 'zoe'],
  zenTrades: ['zen', 'trader', undefined],
} as const;
type Key = keyof typeof KEYS;

/** What somebody has: ids that nobody else may learn of, and what is asked with them. */
interface Owned {
  readonly level: 'MODEL_LEVEL_TENANT' | 'MODEL_LEVEL_USER';
  readonly ids: Readonly<Record<'prediction_id' | 'alert_id' | 'job_id', string>>;
  readonly versions: readonly [string, string];
  /** What no answer to another holds. */
  readonly secrets: readonly string[];
}

async function served(t: TestContext): Promise<{ engine: Engine; client: TestClient; address: string }> {
  const engine = await openEngine(t, temporaryFolder(t), {
    tenants: tenantsOf(KEYS),
    console: { port: 0 },
    training: { folds: 1, firstModels: false, retraining: { automatic: false, cooldownHours: 1_000 } },
  });
  const { port, address } = await serveConsole(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  return { engine, client, address };
}

/** Has an owner a model in production and another in an A/B test with it, signals, an alert and a training. */
async function owning(engine: Engine, client: TestClient, series: ModelSeries, key: Key): Promise<Owned> {
  const seed = key === 'ann' ? 10 : 0;
  const author = { who: `${key} herself`, role: 'engineer', reason: `the reason of ${key}` };
  const models = [];
  for (const [i, version] of ['v1.0.0', 'v1.0.1'].entries())
    models.push(await registerModel(engine, { series, version, seed: seed + i }));
  const [first] = models;
  await engine.rollouts.act({ series, version: 'v1.0.0' }, { kind: 'promote' }, author);
  const until = Date.now() + 1_000 * HOUR;
  await engine.rollouts.act(
    { series, version: 'v1.0.1' },
    { kind: 'canary', share: 0.5, trial: { kind: 'ab', until } },
    author,
  );
  const owner = { tenantId: 'acme', userId: series.userId };
  const seriesId = 'acme@published/EURUSD/1h';
  engine.alerts.raise({
    ...owner,
    seriesId,
    home: first!,
    modelId: first!.modelId,
    version: 'v1.0.0',
    kind: 'performance',
    severity: 'critical',
    summary: `What was found of ${key}.`,
    details: {},
    raisedAt: 1_000,
  });
  const job = await engine.retraining.request({
    seriesId,
    owner,
    cause: 'drift',
    reason: `trained for ${key}`,
    priority: 1,
    dataFrom: bars.at(-1)!.openTime,
    newEncoder: false,
  });
  let alertId: string | undefined;
  await eventually('the alert is kept', async () => {
    const { alerts } = await client.call<{ alerts: { alert_id: string; summary: string }[] }>(
      'AlertService',
      'ListAlerts',
      { all: true },
      key,
    );
    alertId = alerts.find(({ summary }) => summary.includes(`found of ${key}`))?.alert_id;
    return alertId !== undefined;
  });
  return {
    level: series.userId === undefined ? 'MODEL_LEVEL_TENANT' : 'MODEL_LEVEL_USER',
    ids: { alert_id: alertId!, job_id: job.jobId, prediction_id: '' },
    versions: ['v1.0.0', 'v1.0.1'],
    secrets: [alertId!, job.jobId, `of ${key}`, `for ${key}`, ...models.map(({ modelId }) => modelId)],
  };
}

const latestOf = async (client: TestClient, key: Key): Promise<string> =>
  (
    await client.call<{ prediction_id: string }>(
      'SignalService',
      'GetLatestSignal',
      { symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H' },
      key,
    )
  ).prediction_id;

/** Every call with one request and one answer, and the names of its request's fields. */
const CALLS = serviceNames(loadDefinition()).flatMap((full) =>
  Object.entries(loadDefinition()[full] as unknown as ServiceDefinition).flatMap(([method, call]) => {
    const { requestStream, responseStream, requestType } = call as typeof call & {
      requestType: { type: { field: { name: string }[] } };
    };
    const service = full.split('.').at(-1)!;
    const fields = requestType.type.field.map(({ name }) => name);
    return requestStream || responseStream ? [] : [{ service, method, fields }];
  }),
);

/** Fields that name something somebody has. */
const NAMING = ['prediction_id', 'alert_id', 'job_id', 'model', 'against', 'instrument_id'] as const;

/** What is asked of one's possessions, or of what nobody has, in a call with these fields. */
function requestOf(fields: readonly string[], { level, ids, versions }: Owned): Record<string, unknown> {
  const values: Record<string, unknown> = {
    ...ids,
    model: { name: NAME, version: versions[1], level },
    against: versions[0],
    change: 'MODEL_CHANGE_PROMOTE',
    reason: 'a trespass',
    instrument_id: 'acme@published/EURUSD',
    symbol: 'EURUSD',
    symbols: ['EURUSD'],
    timeframe: 'TIMEFRAME_1H',
    all: true,
    replay: true,
    trade_id: randomUUID(),
    side: 'DIRECTION_LONG',
    quantity: 1,
    entry_time: bars.at(-1)!.openTime,
    entry_price: 1,
    exit_time: bars.at(-1)!.openTime + 1,
    exit_price: 1.01,
  };
  return Object.fromEntries(fields.flatMap((name) => (name in values ? [[name, values[name]]] : [])));
}

/** A text without what was asked for; long words are cut in sentences. */
function withoutAsked(text: string, { ids, versions }: Owned): string {
  const words = [...Object.values(ids).map((id) => id.slice(0, 32)), ...versions];
  return words
    .reduce((rest, word) => rest.replaceAll(word, 'ASKED'), text)
    .replace(/ASKED[0-9a-f]{4}/g, 'ASKED');
}

/** The same requests to the console, by their paths. */
async function consoleOutcomesOf(
  address: string,
  owned: Owned,
  key: Key,
): Promise<Record<string, { status: number; text: string }>> {
  const { prediction_id: signal, alert_id: alert, job_id: job } = owned.ids;
  const series = 'acme@published/EURUSD/1h';
  const level = owned.level === 'MODEL_LEVEL_USER' ? 'user' : 'tenant';
  const model = `${level}/${NAME}/${owned.versions[1]}`;
  const about = `series=${encodeURIComponent(series)}&model=${encodeURIComponent(model)}`;
  const change = { series, model, change: 'promote', reason: 'a trespass' };
  const requests: readonly (readonly [string, object?])[] = [
    [`/api/signal?id=${signal}`],
    [`/api/signal/moved?id=${signal}`],
    [`/api/model?${about}`],
    [`/api/equity?${about}`],
    [`/api/outlook?${about}&change=promote`],
    ['/api/alerts/acknowledge', { id: alert }],
    ['/api/alerts/close', { id: alert }],
    ['/api/jobs/cancel', { id: job }],
    ['/api/model/change', change],
  ];
  const outcomes = requests.map(async ([path, body]) => {
    const answer = await asked(address, path, {
      key,
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    const text = withoutAsked(JSON.stringify(answer.body), owned);
    return [path.split('?')[0]!, { status: answer.status, text }] as const;
  });
  return Object.fromEntries(await Promise.all(outcomes));
}

/** What came of a call, without what the caller itself said in it. */
async function outcomeOf(
  client: TestClient,
  call: (typeof CALLS)[number],
  owned: Owned,
  key: Key,
): Promise<{ code: string; text: string }> {
  try {
    const { service, method, fields } = call;
    const answer = await client.call(service, method, requestOf(fields, owned), key);
    return { code: 'OK', text: JSON.stringify(answer) };
  } catch (error) {
    const { code, details } = error as ServiceError;
    return { code: status[code]!, text: withoutAsked(details, owned) };
  }
}

/** All that trespassers might have changed. */
async function stateOf(engine: Engine): Promise<unknown> {
  const of = { tenantId: 'acme', userId: 'ann' };
  const acme = { tenantId: 'acme' };
  const models = await engine.deployments.visible(of);
  return {
    models: models.map(({ modelId, status: is, traffic }) => [modelId, is, traffic]),
    alerts: [await engine.alerts.list(of, true), await engine.alerts.list(acme, true)].map((alerts) =>
      alerts.map(({ alertId, state }) => [alertId, state]),
    ),
    jobs: [await engine.retraining.list(of, true), await engine.retraining.list(acme, true)].map((jobs) =>
      jobs.map(({ jobId, status: is }) => [jobId, is]),
    ),
    audit: await engine.predictions.sql('SELECT count(*) AS acts FROM ml_registry.model_audit', 'acme'),
    trades: await engine.predictions.sql('SELECT count(*) AS trades FROM trade_results', 'acme'),
  };
}

test('what is another tenant’s or another user’s is to every call as what nobody has, and no answer tells of it', async (t) => {
  const { engine, client, address } = await served(t);
  await client.publish(bars.slice(0, 250), 'acme');
  await client.publish(bars.slice(0, 250), 'zen');
  await engine.settled();
  const acme = await owning(engine, client, ACME, 'acme');
  const ann = await owning(engine, client, { ...ACME, userId: 'ann' }, 'ann');
  await client.publish(bars.slice(250), 'acme');
  await engine.settled();
  await engine.stored();
  await engine.journal.durable();
  const with_ = async (owned: Owned, key: Key): Promise<Owned> => {
    const id = await latestOf(client, key);
    return { ...owned, ids: { ...owned.ids, prediction_id: id }, secrets: [...owned.secrets, id] };
  };
  const [ofAcme, ofAnn] = [await with_(acme, 'acme'), await with_(ann, 'ann')];
  assert.notEqual(ofAcme.ids.prediction_id, ofAnn.ids.prediction_id);

  const nobodys = ({ level }: Owned): Owned => ({
    level,
    ids: { prediction_id: randomUUID(), alert_id: randomUUID(), job_id: randomUUID() },
    versions: ['v7.0.0', 'v7.0.1'],
    secrets: [],
  });
  const before = await stateOf(engine);
  const trespasses: readonly (readonly [Owned, readonly Key[]])[] = [
    [ofAcme, ['zen', 'zoe', 'zenTrades']],
    [ofAnn, ['zen', 'zoe', 'zenTrades', 'bob', 'bobTrades', 'acme']],
  ];
  const naming = CALLS.filter(({ fields }) => NAMING.some((name) => fields.includes(name)));
  assert.ok(naming.length >= 9, `${naming.length} calls name something`);
  for (const [owned, keys] of trespasses)
    for (const key of keys) {
      const shown = await consoleOutcomesOf(address, owned, key);
      assert.deepEqual(shown, await consoleOutcomesOf(address, nobodys(owned), key), key);
      for (const [path, { status: is }] of Object.entries(shown))
        assert.ok(is === 404 || is === 403, `${key}: ${path}: ${is}`);
      for (const call of CALLS) {
        const what = `${key}: ${call.method}`;
        // The instrument is all of the tenant's.
        if (owned === ofAnn && KEYS[key][0] === 'acme' && call.fields.includes('instrument_id')) continue;
        const found = await outcomeOf(client, call, owned, key);
        for (const secret of owned.secrets)
          assert.ok(!found.text.includes(secret), `${what} tells ${secret}`);
        if (!naming.includes(call)) continue;
        assert.deepEqual(found, await outcomeOf(client, call, nobodys(owned), key), what);
        if (call.service !== 'FeedbackService') assert.notEqual(found.code, 'OK', what);
      }
    }
  assert.deepEqual(await stateOf(engine), before, 'nothing was changed');

  // The same calls are answered to whom it belongs, so what was asked above was asked rightly.
  for (const [owned, key] of [
    [ofAcme, 'acme'],
    [ofAnn, 'ann'],
  ] as const)
    for (const method of [
      'ExplainSignal',
      'GetModel',
      'CompareModels',
      'DiffModels',
      'AcknowledgeAlert',
      'CloseAlert',
      'CancelTrainingJob',
      'ChangeModel',
    ]) {
      const call = CALLS.find((each) => each.method === method)!;
      const { code, text } = await outcomeOf(client, call, owned, key);
      assert.equal(code, 'OK', `${key}: ${method}: ${text}`);
    }
});
