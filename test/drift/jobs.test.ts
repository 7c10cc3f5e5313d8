import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bar } from '../../actors/market/bar.js';
import type { TrainingJob__Output as TrainingJob } from '../../engine/api/generated/suho/v1/TrainingJob.js';
import type { Engine } from '../../engine/engine.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { PRIORITIES } from '../../engine/learning/retraining/triggers.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { KilledEngine } from '../support/killed-engine.js';
import { LeapingClock } from '../support/leaping-clock.js';
import { inventedBars } from '../support/markets.js';
import { STORES_AWAY, eventually } from '../support/served.js';

const SERIES = 'market/EURUSD/1h';
const HOUR = 3_600_000;
const bars = inventedBars(1_400, { momentum: 0.7, seed: 91 });
const WAIT_MS = 240_000;
/** When an engine is killed after a training began, milliseconds. */
const KILLED_AFTER_MS = [0, 500, 2_500];

async function fed(t: TestContext, folder: string, folds = 1): Promise<Engine> {
  const engine = await openEngine(t, folder, { training: { folds } }, { waitForEvidence: false });
  const instrument = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
  engine.intake.ingestBars(instrument, bars.slice(0, 1_000) as Bar[]);
  await engine.settled();
  await engine.training.train(SERIES, bars[999]!.openTime + HOUR);
  engine.intake.ingestBars(instrument, bars.slice(1_000) as Bar[]);
  await engine.settled();
  return engine;
}

async function requested(engine: Engine, newEncoder = false): Promise<string> {
  const { jobId } = await engine.retraining.request({
    seriesId: SERIES,
    cause: 'requested',
    reason: 'A test asks.',
    priority: PRIORITIES.requested,
    dataFrom: undefined,
    newEncoder,
  });
  return jobId;
}

async function statusOf(engine: Engine, jobId: string): Promise<string | undefined> {
  return (await engine.retraining.list({ tenantId: 'platform' }, true)).find((job) => job.jobId === jobId)
    ?.status;
}

/** Nice values of this process's threads, where the system tells them. */
function niceValues(): number[] {
  return readdirSync('/proc/self/task').flatMap((thread) => {
    try {
      // Field 19 of stat; the name before may hold spaces.
      return [
        Number(readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[16]),
      ];
    } catch {
      return [];
    }
  });
}

test('a training is asked for once, runs below every other thread, ends when it is cancelled and leaves no model', async (t) => {
  const engine = await fed(t, temporaryFolder(t), 10);
  const jobId = await requested(engine);
  assert.equal(await requested(engine), jobId);
  await eventually('it runs', async () => (await statusOf(engine, jobId)) === 'running', WAIT_MS);
  const own = Number(readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ')[16]);
  await eventually(
    'its thread yields',
    () => niceValues().some((nice) => nice > own || nice === 19),
    WAIT_MS,
  );
  assert.equal(
    await engine.retraining.cancel({ tenantId: 'default' }, jobId),
    undefined,
    'it is not of that tenant',
  );
  assert.equal((await engine.retraining.cancel({ tenantId: 'platform' }, jobId))?.status, 'cancelled');
  await eventually('nothing runs', () => engine.retraining.counts().running === 0, WAIT_MS);
  assert.equal(await statusOf(engine, jobId), 'cancelled');
  assert.equal((await engine.registry.list(seriesIdentity(SERIES))).length, 1);
});

test('a training that waits for a feature store that is away goes back to the queue, is tried again, and can be cancelled meanwhile', async (t) => {
  const clock = new LeapingClock(bars[0]!.openTime);
  const { clickhouse } = STORES_AWAY;
  const engine = await openEngine(
    t,
    temporaryFolder(t),
    { clickhouse, drainSeconds: 0, training: { folds: 1, firstModels: false } },
    { waitForEvidence: false, clock },
  );
  const market = { tenantId: 'acme', symbol: 'EURUSD', timeframe: '1h', signalTimeframes: ['1h'] } as const;
  await engine.intake.publishBars({ ...market, bars: bars.slice(0, 300) });
  await engine.settled();
  const { jobId } = await engine.retraining.request({
    seriesId: 'acme@published/EURUSD/1h',
    cause: 'requested',
    reason: 'A test asks.',
    priority: PRIORITIES.requested,
    dataFrom: undefined,
    newEncoder: false,
  });
  const acme = { tenantId: 'acme' };
  const job = async () => (await engine.retraining.list(acme, true)).find((each) => each.jobId === jobId)!;
  const comesTo = async (status: string, attempts: number): Promise<void> =>
    await eventually(`it is ${status}`, async () => {
      const found = await job();
      return found.status === status && found.attempts === attempts;
    });
  clock.passTo(clock.now() + 10_000);
  await comesTo('running', 1);
  clock.passTo(clock.now() + 115_000);
  assert.equal((await job()).status, 'running', 'it has two minutes');
  clock.passTo(clock.now() + 6_000);
  await comesTo('queued', 1);
  assert.match((await job()).error!, /^The feature store does not hold the newest rows yet/);
  await eventually('nothing runs', () => engine.retraining.counts().running === 0);
  clock.passTo(clock.now() + 290_000);
  await pause(500);
  assert.deepEqual([(await job()).status, (await job()).attempts], ['queued', 1], 'not at once again');
  clock.passTo(clock.now() + 15_000);
  await comesTo('running', 2);
  assert.equal((await engine.retraining.cancel(acme, jobId))?.status, 'cancelled');
  await eventually('nothing runs', () => engine.retraining.counts().running === 0);
  assert.equal((await job()).status, 'cancelled');
});

test('a new encoder has a partition of its own with every stored moment in it before it serves, and none is mixed', async (t) => {
  const engine = await fed(t, temporaryFolder(t));
  const [before] = await engine.registry.list(seriesIdentity(SERIES));
  const jobId = await requested(engine, true);
  await eventually('it is trained', async () => (await statusOf(engine, jobId)) === 'succeeded', WAIT_MS);
  const after = (await engine.registry.list(seriesIdentity(SERIES))).at(-1)!;
  assert.notEqual(after.embeddingVersion, before!.embeddingVersion);
  const momentsOf = (embedding: string): Map<number, Float32Array> =>
    new Map(
      [...engine.journal.moments.of(`default|${embedding}|EURUSD|1h`)].map(([time, { vector }]) => [
        time,
        vector,
      ]),
    );
  await eventually(
    'it is shadowed',
    async () => {
      const models = await engine.registry.list(seriesIdentity(SERIES));
      return models.at(-1)!.status === 'shadow';
    },
    WAIT_MS,
  );
  await engine.journal.durable();
  const [old, fresh] = [momentsOf(before!.embeddingVersion), momentsOf(after.embeddingVersion)];
  const known = [...old.keys()].filter((time) => time <= bars[1_370]!.openTime);
  assert.ok(known.length > 1_000, `${known.length} moments`);
  for (const time of known) {
    assert.ok(fresh.has(time), `${new Date(time).toISOString()} is embedded anew`);
    assert.notDeepEqual(fresh.get(time), old.get(time));
  }
});

test('killed at any moment of a training, an engine brings it to its end after the next start, and it makes one model', async (t) => {
  const folder = temporaryFolder(t);
  const engine = new KilledEngine(t, ['--data', folder]);
  await engine.start();
  const client = (): NonNullable<ReturnType<typeof engine.reach>> => engine.reach()!;
  await client().publish(bars.slice(0, 1_000));
  const jobs = async (): Promise<TrainingJob[]> =>
    (await client().call<{ jobs: TrainingJob[] }>('TrainingService', 'ListTrainingJobs', {})).jobs;
  await eventually(
    'the series has its first model',
    async () => {
      const health = await client().call<{ first_models: { waiting: number } }>(
        'EngineService',
        'GetHealth',
        {},
      );
      return health.first_models.waiting === 0;
    },
    WAIT_MS,
  );
  for (const [round, afterMs] of KILLED_AFTER_MS.entries()) {
    await client().publish(bars.slice(1_000 + round * 100, 1_100 + round * 100));
    await client().call('TrainingService', 'RetrainSeries', { symbol: 'EURUSD' });
    // It may be over before anybody sees it run.
    await eventually('it is begun', async () => (await jobs())[0]!.status !== 'queued', WAIT_MS);
    await pause(afterMs);
    await engine.kill();
    await engine.start();
    await eventually('it is over', async () => (await jobs())[0]!.finished_at !== undefined, WAIT_MS);
    const [job] = await jobs();
    assert.deepEqual([job!.status, job!.version, job!.error], ['succeeded', `v1.0.${round + 1}`, '']);
    assert.ok(job!.attempts <= 2);
    assert.equal((await jobs()).length, round + 1);
  }
});
