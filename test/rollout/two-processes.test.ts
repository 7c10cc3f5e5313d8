import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Signal__Output as Signal } from '../../engine/api/generated/suho/v1/Signal.js';
import type { TrainingJob__Output as TrainingJob } from '../../engine/api/generated/suho/v1/TrainingJob.js';
import { Random } from '../../engine/learning/random.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';
import { KilledEngine } from '../support/killed-engine.js';
import { inventedBars } from '../support/markets.js';
import { eventually, type TestClient } from '../support/served.js';
import { checkAudit, sharedRegistry, type SharedRegistry } from '../support/shared-registry.js';

const NAME = 'published/EURUSD/1h';
const WAIT_MS = 240_000;
const bars = inventedBars(1_200, { momentum: 0.7, seed: 91 });
/** Rounds of two engines of which one dies. */
const ROUNDS = Number(process.env['SUHO_INTERLEAVINGS'] ?? 3);

/** A `suho start` with a data folder of its own on the shared stores. */
function engineOn(t: TestContext, folder: string, name: string, shared: SharedRegistry): KilledEngine {
  const config = path.join(folder, `${name}.json`);
  // On a busy machine an answer takes longer than the deadline, and a bar without a signal tells nothing here.
  const own = { inference: { deadlineMs: 60_000 }, console: { enabled: false }, training: { folds: 1 } };
  writeFileSync(config, JSON.stringify({ ...shared.config, ...own }));
  return new KilledEngine(t, ['--data', path.join(folder, name), '--config', config]);
}

interface Registered {
  readonly version: string;
  readonly status: string;
}

async function modelsIn(shared: SharedRegistry): Promise<Registered[]> {
  return await shared.query<Registered>('SELECT version, status FROM ml_registry.models ORDER BY created_at');
}

async function jobsOf(client: TestClient): Promise<TrainingJob[]> {
  const { jobs } = await client.call<{ jobs: TrainingJob[] }>('TrainingService', 'ListTrainingJobs', {
    all: true,
  });
  return jobs;
}

/** Waits for the signal on a bar; its model's version. */
async function servedBy(client: TestClient, bar: number): Promise<string> {
  const closeTime = String(bars[bar]!.openTime + 3_600_000);
  let signal: Signal | undefined;
  await eventually(
    `bar ${bar} has its signal`,
    async () => {
      signal = await client
        .call<Signal>('SignalService', 'GetLatestSignal', { symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H' })
        .catch(() => undefined);
      return signal?.bar_close_time === closeTime;
    },
    WAIT_MS,
  );
  return signal!.model!.version;
}

test('a training whose engine dies between registering the model and proposing it goes on with that model', async (t) => {
  const folder = temporaryFolder(t);
  const shared = await sharedRegistry(t, folder);
  const engine = engineOn(t, folder, 'a', shared);
  await engine.start();
  await engine.reach()!.publish(bars.slice(0, 1_000));
  const production = async (): Promise<boolean> =>
    (await modelsIn(shared)).some(({ status }) => status === 'production');
  await eventually('it has its first model', production, WAIT_MS);
  await engine.reach()!.publish(bars.slice(1_000, 1_050));
  // Whoever does anything to a model of the series waits for this.
  const holder = new pg.Client({ connectionString: shared.config.postgres!.url! });
  await holder.connect();
  afterTest(t, async () => await holder.end());
  await holder.query(`BEGIN; SELECT ml_registry.lock_models('default', NULL, '${NAME}')`);
  await engine.reach()!.call('TrainingService', 'RetrainSeries', { symbol: 'EURUSD' });
  const registered = async (): Promise<boolean> =>
    (await modelsIn(shared)).some(({ status }) => status === 'validated');
  await eventually('a model is registered', registered, WAIT_MS);
  await engine.kill();
  await holder.query('COMMIT');
  await engine.start();
  const job = async (): Promise<TrainingJob> => (await jobsOf(engine.reach()!))[0]!;
  await eventually('the job is over', async () => (await job()).finished_at !== undefined, WAIT_MS);
  const { status, version, attempts, error } = await job();
  assert.deepEqual([status, version, attempts, error], ['succeeded', 'v1.0.1', 2, '']);
  assert.deepEqual(await modelsIn(shared), [
    { version: 'v1.0.0', status: 'production' },
    { version: 'v1.0.1', status: 'shadow' },
  ]);
  const [row] = await shared.query<{ watched: boolean }>(
    `SELECT training_facts IS NOT NULL AS watched FROM ml_registry.models WHERE version = 'v1.0.1'`,
  );
  assert.equal(row!.watched, true, 'its monitors have what they compare with');
});

test('two engines, one trains while models are promoted through the other, and either is killed at any moment: one plan, one model a job, nothing missing in the audit', async (t) => {
  const folder = temporaryFolder(t);
  const shared = await sharedRegistry(t, folder);
  const engines = [engineOn(t, folder, 'a', shared), engineOn(t, folder, 'b', shared)] as const;
  const [a, b] = engines;
  const random = new Random(7);
  await Promise.all([a.start(), b.start()]);
  // Both want a first model at the same time, and have not the same bars to train it on.
  await Promise.all([a.reach()!.publish(bars.slice(0, 1_000)), b.reach()!.publish(bars.slice(0, 990))]);
  await b.reach()!.publish(bars.slice(990, 1_010));
  await a.reach()!.publish(bars.slice(1_000, 1_010));
  let bar = 1_010;
  const production = async (): Promise<string | undefined> =>
    (await modelsIn(shared)).find(({ status }) => status === 'production')?.version;
  await eventually('there is a first model', async () => (await production()) !== undefined, WAIT_MS);
  const acts: { readonly reason: string; readonly done: Promise<boolean> }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    for (const engine of engines) await engine.reach()!.publish(bars.slice(bar, bar + 20));
    bar += 20;
    const victim = engines[random.below(2)]!;
    const other = victim === a ? b : a;
    const before = new Set((await jobsOf(other.reach()!)).map(({ job_id }) => job_id));
    await victim.reach()!.call('TrainingService', 'RetrainSeries', { symbol: 'EURUSD' });
    const killing = pause(random.below(6_000)).then(async () => await victim.kill());
    for (let i = 0; i < 4; i++) {
      await pause(random.below(1_500));
      const models = await modelsIn(shared);
      const model = { name: NAME, version: models[random.below(models.length)]!.version };
      const change = ['MODEL_CHANGE_PROMOTE', 'MODEL_CHANGE_ROLLBACK', 'MODEL_CHANGE_SHADOW'][
        random.below(3)
      ]!;
      const reason = `${round}/${i}`;
      const client = (random.below(2) === 0 ? victim : other).reach() ?? other.reach()!;
      const done = client.call('ModelService', 'ChangeModel', { model, change, reason }).then(
        () => true,
        () => false,
      );
      acts.push({ reason, done });
    }
    await killing;
    await Promise.all(acts.map(async ({ done }) => await done));
    await victim.start();
    let job: TrainingJob | undefined;
    await eventually(
      'the job is over',
      async () => {
        job = (await jobsOf(victim.reach()!)).find(({ job_id }) => !before.has(job_id));
        return job?.finished_at !== undefined;
      },
      WAIT_MS,
    );
    assert.equal(job!.status, 'succeeded', job!.error);
    assert.equal((await jobsOf(victim.reach()!)).length, before.size + 1);
    await checkAudit(shared);
    const [made] = await shared.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ml_registry.models WHERE status = 'validated' AND version <> 'v1.0.1'`,
    );
    assert.equal(made!.n, 0, 'a model that was made is tried');
    const wanted = await production();
    for (const engine of engines)
      await eventually('its plan is what the registry says', async () => {
        const { uses } = await engine.reach()!.call<{ uses: { arm: string }[] }>('ModelService', 'GetModel', {
          model: { name: NAME, version: wanted },
        });
        return uses.some(({ arm }) => arm === 'production');
      });
    for (const engine of engines) await engine.reach()!.publish([bars[bar]!]);
    const served = await Promise.all(engines.map(async (engine) => await servedBy(engine.reach()!, bar)));
    assert.deepEqual(served, [wanted, wanted]);
    bar++;
  }
  const audit = new Set((await shared.audit()).map(({ reason }) => reason));
  assert.ok(acts.some(({ reason }) => audit.has(reason)));
});
