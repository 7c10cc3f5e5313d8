/** A user's own model is watched, trained again and decided about at his own level, and nobody else sees any of it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { Alert__Output as ProtoAlert } from '../../engine/api/generated/suho/v1/Alert.js';
import type { Model__Output as ProtoModel } from '../../engine/api/generated/suho/v1/Model.js';
import type { TrainingJob__Output as ProtoJob } from '../../engine/api/generated/suho/v1/TrainingJob.js';
import type { Bar } from '../../actors/market/bar.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import type { ListedModel } from '../../engine/registry/model-registry.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { LeapingClock } from '../support/leaping-clock.js';
import { followedBy, inventedBars } from '../support/markets.js';
import { TestClient, codeOf, eventually, serve } from '../support/served.js';

const SERIES = 'market/EURUSD/1h';
const HOUR = 3_600_000;
const TRAINED = 2_400;
const TURN = TRAINED + 300;
const WAIT_MS = 600_000;
/** Bars that come between two looks of the engine at what it watches, trains and tries. */
const LEAP_BARS = 20;
const ANN = { tenantId: 'acme', userId: 'ann' };
/** A bar goes the way of the last in 68 of 100 cases, and after the turn in 32. */
const bars = followedBy(
  inventedBars(TURN, { momentum: 0.68, seed: 71 }),
  inventedBars(3_400, { momentum: 0.32, seed: 72 }),
);

function config(): ConfigInput {
  const keys = (tenant: string, users: readonly (string | undefined)[]) => ({
    id: tenant,
    apiKeySha256: users.map((user) => ({
      sha256: createHash('sha256')
        .update(`${tenant}/${user ?? ''}`)
        .digest('hex'),
      role: 'engineer' as const,
      ...(user === undefined ? {} : { user }),
    })),
  });
  return {
    tenants: [keys('acme', ['ann', 'bob', undefined]), keys('zen', ['ann'])],
    inference: { deadlineMs: 600_000 },
    training: { firstModels: false },
  };
}
const OTHERS = ['acme/bob', 'acme/', 'zen/ann'];

/** An engine, the time it lives in, and a client of it. */
interface Lived {
  readonly engine: Engine;
  readonly clock: LeapingClock;
  readonly client: TestClient;
}

async function opened(t: TestContext, folder: string, at: number): Promise<Lived> {
  const clock = new LeapingClock(bars[at]!.openTime);
  const engine = await openEngine(t, folder, config(), { waitForEvidence: false, clock });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  return { engine, clock, client };
}

/** Bars come in at their time; what the engine does of itself it does by its own timers, every few bars. */
async function live({ engine, clock }: Omit<Lived, 'client'>, from: number, to: number): Promise<void> {
  const follow = { feed: 'market', symbol: 'EURUSD', base: '1h', timeframe: '1h' } as const;
  let instrument = '';
  for (const tenantId of ['acme', 'zen'])
    instrument = await engine.instruments.follow({ ...follow, tenantId });
  for (let at = from; at < to; at += LEAP_BARS) {
    const end = Math.min(at + LEAP_BARS, to);
    engine.intake.ingestBars(instrument, bars.slice(at, end) as Bar[]);
    await engine.settled();
    await engine.stored();
    await clock.leapTo(bars[end - 1]!.openTime + HOUR);
  }
}

const alertsOf = async (client: TestClient, key: string): Promise<ProtoAlert[]> =>
  (await client.call<{ alerts: ProtoAlert[] }>('AlertService', 'ListAlerts', { all: true }, key)).alerts;
const jobsOf = async (client: TestClient, key: string): Promise<ProtoJob[]> =>
  (await client.call<{ jobs: ProtoJob[] }>('TrainingService', 'ListTrainingJobs', {}, key)).jobs;
const modelsOf = async (engine: Engine): Promise<ListedModel[]> =>
  await engine.registry.list({ ...seriesIdentity(SERIES), ...ANN });
const statusOf = async (engine: Engine, version: string): Promise<string | undefined> =>
  (await modelsOf(engine)).find((model) => model.version === version)?.status;

/** The platform's model, and ann's: the same file on her own level, with what its monitors compare with. */
async function withModels({ engine, clock }: Lived): Promise<void> {
  await live({ engine, clock }, 0, TRAINED);
  const { record } = await engine.training.train(SERIES, bars[TRAINED - 1]!.openTime + HOUR);
  const facts = await engine.alerts.trainingFacts(record, record.modelId);
  const series = { ...seriesIdentity(SERIES), ...ANN };
  await engine.registry.register({ ...record, ...series, trainedOn: SERIES }, { facts });
  await engine.rollouts.act(
    { series, version: 'v1.0.0' },
    { kind: 'promote' },
    { who: 'ann', role: 'engineer', reason: 'mine' },
  );
}

test('a user’s model whose market turns raises an alarm, is trained again, tried by his bars and replaced, unattended and over a restart; nobody else sees, cancels or is served any of it', async (t) => {
  const folder = temporaryFolder(t);
  const first = await opened(t, folder, 0);
  await withModels(first);
  await live(first, TRAINED, TURN + 30);
  assert.deepEqual(await alertsOf(first.client, 'acme/ann'), []);
  await first.engine.stop();

  // What her monitor had seen is still there.
  const second = await opened(t, folder, TURN + 30);
  const { engine, client } = second;
  await live(second, TURN + 30, TURN + 150);
  const isOwn = ({ user_id: user }: { readonly user_id: string }): boolean => user === 'ann';
  await eventually('both alerts', async () => (await alertsOf(client, 'acme/ann')).length === 2, WAIT_MS);
  const [alert] = (await alertsOf(client, 'acme/ann')).filter(isOwn);
  assert.deepEqual(
    [alert!.kind, alert!.tenant_id, alert!.series, alert!.version],
    ['performance', 'acme', SERIES, 'v1.0.0'],
  );
  await eventually('both jobs', async () => (await jobsOf(client, 'acme/ann')).length === 2, WAIT_MS);
  const [job] = (await jobsOf(client, 'acme/ann')).filter(isOwn);
  assert.deepEqual([job!.cause, job!.tenant_id, job!.status], ['performance', 'acme', 'queued']);
  for (const key of OTHERS) {
    assert.deepEqual(
      (await alertsOf(client, key)).map(({ tenant_id: tenant }) => tenant),
      ['platform'],
      key,
    );
    assert.deepEqual(
      (await jobsOf(client, key)).map(({ tenant_id: tenant }) => tenant),
      ['platform'],
      key,
    );
    const call = (service: string, method: string, request: object): Promise<unknown> =>
      client.call(service, method, request, key);
    for (const method of ['AcknowledgeAlert', 'CloseAlert'])
      assert.equal(
        await codeOf(call('AlertService', method, { alert_id: alert!.alert_id })),
        'NOT_FOUND',
        `${key} ${method}`,
      );
    const cancel = call('TrainingService', 'CancelTrainingJob', { job_id: job!.job_id });
    assert.equal(await codeOf(cancel), 'NOT_FOUND', `${key} cancels`);
    // They have no model of their own there, and the series is the platform's.
    const retrain = call('TrainingService', 'RetrainSeries', { symbol: 'EURUSD' });
    assert.equal(await codeOf(retrain), 'NOT_FOUND', `${key} trains`);
  }
  assert.deepEqual(await engine.predictions.sql('SELECT count(user_id) AS own FROM ml_predictions', 'acme'), [
    { own: 0 },
  ]);
  const acknowledged = await client.call<{ alert: ProtoAlert }>(
    'AlertService',
    'AcknowledgeAlert',
    { alert_id: alert!.alert_id },
    'acme/ann',
  );
  assert.equal(acknowledged.alert.state, 'ALERT_STATE_ACKNOWLEDGED');
  // One training is enough here.
  for (const { jobId } of await engine.retraining.list({ tenantId: 'platform' }, false))
    await engine.retraining.cancel({ tenantId: 'platform' }, jobId);

  let at = TURN + 150;
  const until = async (status: string, last: number): Promise<void> => {
    while ((await statusOf(engine, 'v1.0.1')) !== status && at < last)
      await live(second, at, (at += LEAP_BARS));
    assert.equal(await statusOf(engine, 'v1.0.1'), status);
    t.diagnostic(`${status} ${at - TURN} bars after the turn`);
  };
  await until('shadow', TURN + 900);
  const [before, challenger] = await modelsOf(engine);
  assert.ok(challenger!.trainedFrom >= bars[TURN]!.openTime - 60 * HOUR, 'of the new market alone');
  assert.equal(challenger!.parentVersion, 'v1.0.0');
  const planOf = () => engine.instruments.routeOf('acme', SERIES, 'ann');
  await eventually('her plan has it', () => planOf()?.shadows?.[0]?.modelId === challenger!.modelId, WAIT_MS);
  assert.equal(planOf()?.modelId, before!.modelId);
  for (const tenantId of ['acme', 'zen'])
    assert.equal(engine.instruments.routeOf(tenantId, SERIES)?.shadows, undefined);
  for (const key of [...OTHERS, 'acme/ann']) {
    const { models } = await client.call<{ models: ProtoModel[] }>('ModelService', 'ListModels', {}, key);
    const users = models.filter(({ level }) => level === 'MODEL_LEVEL_USER').length;
    assert.equal(users, key === 'acme/ann' ? 2 : 0, key);
    if (key === 'acme/ann') continue;
    const model = { name: SERIES, version: 'v1.0.1', level: 'MODEL_LEVEL_USER' };
    const promote = { model, change: 'MODEL_CHANGE_PROMOTE', reason: 'x' };
    assert.equal(await codeOf(client.call('ModelService', 'ChangeModel', promote, key)), 'NOT_FOUND', key);
  }

  await until('canary', bars.length - 200);
  await until('production', bars.length - 200);
  assert.equal(engine.instruments.routeOf('acme', SERIES, 'ann')?.modelId, challenger!.modelId);
  assert.equal(engine.instruments.routeOf('acme', SERIES)?.modelId, before!.modelId, 'the tenant’s stays');

  // By hand she trains her own alone; without a model of hers nothing is trained for her.
  const { jobs } = await client.call<{ jobs: ProtoJob[] }>(
    'TrainingService',
    'RetrainSeries',
    { symbol: 'EURUSD' },
    'acme/ann',
  );
  assert.deepEqual(jobs.map(isOwn), [true]);
  const series = { ...seriesIdentity(SERIES), ...ANN };
  const author = { who: 'ann', role: 'engineer', reason: 'enough' };
  await engine.retraining.cancel(ANN, jobs[0]!.job_id);
  await engine.rollouts.act({ series, version: 'v1.0.1' }, { kind: 'withdraw' }, author);
  const late = await engine.retraining.request({
    seriesId: SERIES,
    owner: ANN,
    cause: 'drift',
    reason: 'found before',
    priority: 60,
    dataFrom: undefined,
    newEncoder: false,
  });
  await engine.retraining.cancel(ANN, late.jobId);
  const over = engine.training.retrain(SERIES, {
    owner: ANN,
    through: bars[at - 1]!.openTime + HOUR,
    newEncoder: false,
    signal: new AbortController().signal,
  });
  await assert.rejects(over, /^SuhoError: ann has no model of market\/EURUSD\/1h in use any more/);
});
