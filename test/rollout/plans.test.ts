import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servingArm } from '../../actors/signals/route-plan.js';
import type { Engine } from '../../engine/engine.js';
import type { PublishedSignal } from '../../engine/publication/subscription.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { EURUSD, brokenPredictor, registerModel } from '../support/rollout.js';
import { eventually } from '../support/served.js';

const SERIES = 'market/EURUSD/1h';
const AUTHOR = { who: 'ann', role: 'engineer', reason: 'a test' };
const bars = inventedBars(420, { momentum: 0.6, seed: 5 });

/** An engine that follows EURUSD for tenants and has taken the first 250 bars. */
async function followed(engine: Engine, tenants: readonly string[] = ['acme']): Promise<string> {
  let id = '';
  for (const tenantId of tenants)
    id = await engine.instruments.follow({
      feed: 'market',
      symbol: 'EURUSD',
      base: '1h',
      tenantId,
      timeframe: '1h',
    });
  engine.intake.ingestBars(id, bars.slice(0, 250));
  await engine.settled();
  return id;
}

/** Registers v1.0.0 as production, v1.0.1 as canary with 30 % of the bars, v1.0.2 and v1.0.3 as shadows. */
async function rolledOut(engine: Engine): Promise<void> {
  for (const seed of [0, 1, 2, 3]) await registerModel(engine, { version: `v1.0.${seed}`, seed });
  const target = (version: string): { series: typeof EURUSD; version: string } => ({
    series: EURUSD,
    version,
  });
  const { rollouts } = engine;
  await rollouts.propose({ ...target('v1.0.0'), by: 'a test', reason: 'the first' });
  await rollouts.act(target('v1.0.1'), { kind: 'canary', share: 0.3, trial: { kind: 'manual' } }, AUTHOR);
  for (const version of ['v1.0.2', 'v1.0.3'])
    await rollouts.propose({ ...target(version), by: 'a test', reason: 'retrained' });
}

interface Stored extends Record<string, unknown> {
  readonly bar: string;
  readonly version: string;
  readonly arm: string;
  readonly served: boolean;
  readonly id: string;
  readonly known: boolean;
}

async function storedPredictions(engine: Engine, tenantId: string): Promise<Stored[]> {
  await engine.stored();
  return (await engine.predictions.sql(
    `SELECT bar_close_time::text AS bar, model_version AS version, arm, served, prediction_id::text AS id,
            actual_1h IS NOT NULL AS known
     FROM ml_predictions ORDER BY bar_close_time, model_version`,
    tenantId,
  )) as Stored[];
}

test('an encoder that arms share sees a bar once, and each arm says bit for bit what its pair says alone', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  const id = await followed(engine);
  await rolledOut(engine);
  const { inference } = engine;
  const infer = t.mock.method(inference, 'infer');
  engine.intake.ingestBars(id, bars.slice(250, 280));
  await engine.settled();
  const calls = infer.mock.calls.map(({ arguments: asked, result }) => ({ asked, result }));
  infer.mock.restore();
  assert.equal(calls.length, 4 * 30);
  const withEncoder = calls.filter(({ asked: [, , , , , options] }) => options?.encoded === undefined);
  assert.equal(withEncoder.length, 30);
  assert.equal(new Set(withEncoder.map(({ asked: [, , row] }) => row)).size, 30);
  for (const { asked, result } of calls) {
    const [pair, key, row] = asked;
    const alone = await inference.infer(pair, `${key}/alone`, row, Infinity, 'acme', { alone: true });
    assert.deepEqual(await result, alone);
  }
});

test('a plan asks all its arms: one serves, the one the hash names, and all are stored with what came of them', async (t) => {
  const folder = temporaryFolder(t);
  let engine = await openEngine(t, folder);
  const published: PublishedSignal[] = [];
  engine.publication.onSignal((signal) => published.push(signal));
  const id = await followed(engine);
  await rolledOut(engine);
  const plan = engine.instruments.routeOf('acme', SERIES)!;
  assert.deepEqual(
    [
      plan.version,
      plan.canary?.route.version,
      plan.canary?.share,
      plan.shadows?.map(({ version }) => version),
    ],
    ['v1.0.0', 'v1.0.1', 0.3, ['v1.0.2', 'v1.0.3']],
  );
  engine.intake.ingestBars(id, bars.slice(250, 400));
  await engine.settled();
  await engine.journal.durable();
  assert.equal(published.length, 150);
  const serving = published.map(({ signal }) => signal.model.version);
  assert.deepEqual(
    serving,
    published.map(({ signal }) => servingArm(plan, 'acme', 'EURUSD', '1h', signal.barCloseTime).version),
  );
  const canary = serving.filter((version) => version === 'v1.0.1').length;
  // Binomial, 150 bars of 30 %: 45 with a deviation of 5.6.
  assert.ok(canary > 25 && canary < 65, `${canary} of 150 bars`);

  const stored = await storedPredictions(engine, 'acme');
  assert.equal(stored.length, 4 * 150);
  assert.equal(new Set(stored.map(({ id: each }) => each)).size, 4 * 150);
  const ofServed = stored.filter(({ served }) => served);
  assert.deepEqual(
    ofServed.map(({ version }) => version),
    serving,
  );
  const arms: Readonly<Record<string, string>> = {
    'v1.0.0': 'production',
    'v1.0.1': 'canary',
    'v1.0.2': 'shadow',
    'v1.0.3': 'shadow',
  };
  for (const { version, arm } of stored) assert.equal(arm, arms[version]);
  const known = stored.filter(({ known: each }) => each);
  // An hour's horizon: all but the last bar, of every arm.
  assert.equal(known.length, 4 * 149);

  await engine.stop();
  engine = await openEngine(t, folder);
  assert.deepEqual(engine.instruments.routeOf('acme', SERIES), plan);
  engine.intake.ingestBars(id, bars.slice(400, 401));
  await engine.settled();
  const after = await storedPredictions(engine, 'acme');
  assert.equal(after.length, 4 * 151);
  assert.equal(after.filter(({ known: each }) => each).length, 4 * 150, 'outcomes reach back over a restart');
});

test('at the start the registry wins over the plan in the journal, and a rollback takes effect with the next bar', async (t) => {
  const folder = temporaryFolder(t);
  let engine = await openEngine(t, folder);
  const id = await followed(engine);
  await rolledOut(engine);
  await engine.stop();

  engine = await openEngine(t, folder);
  // As an engine that promotes and is killed before its journal has the plan.
  await engine.registry.promote(
    (await engine.registry.list(EURUSD)).find(({ version }) => version === 'v1.0.1')!,
  );
  assert.equal(engine.instruments.routeOf('acme', SERIES)!.version, 'v1.0.0');
  await engine.stop();

  engine = await openEngine(t, folder);
  await engine.plans.check();
  const plan = engine.instruments.routeOf('acme', SERIES)!;
  assert.deepEqual([plan.version, plan.canary, plan.shadows?.length], ['v1.0.1', undefined, 2]);
  const published: PublishedSignal[] = [];
  engine.publication.onSignal((signal) => published.push(signal));
  engine.intake.ingestBars(id, bars.slice(250, 252));
  await engine.settled();
  await engine.rollouts.act({ series: EURUSD, version: 'v1.0.1' }, { kind: 'rollback' }, AUTHOR);
  engine.intake.ingestBars(id, bars.slice(252, 254));
  await engine.settled();
  await engine.journal.durable();
  const served = ['v1.0.1', 'v1.0.1', 'v1.0.0', 'v1.0.0'];
  assert.deepEqual(
    published.map(({ signal }) => signal.model.version),
    served,
  );
  await engine.stop();
  engine = await openEngine(t, folder);
  await engine.plans.check();
  assert.equal(
    engine.instruments.routeOf('acme', SERIES)!.version,
    'v1.0.0',
    'a rollback survives a restart',
  );
});

test('an arm that answers no number is out of the plan before the next bar, and the registry says why', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t));
  const id = await followed(engine);
  await registerModel(engine, { seed: 0 });
  await registerModel(engine, { version: 'v1.0.1', predictor: brokenPredictor() });
  await engine.rollouts.propose({ series: EURUSD, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  await engine.rollouts.propose({ series: EURUSD, version: 'v1.0.1', by: 'a test', reason: 'retrained' });
  const shadows = (): number => engine.instruments.routeOf('acme', SERIES)!.shadows?.length ?? 0;
  assert.equal(shadows(), 1);
  engine.intake.ingestBars(id, bars.slice(250, 251));
  await engine.settled();
  await eventually('the plan is without it', () => shadows() === 0);
  await eventually('the registry knows', async () => {
    const [newest] = await engine.deployments.history(EURUSD, 'v1.0.1', 1);
    return newest?.to === 'staging';
  });
  const [newest] = await engine.deployments.history(EURUSD, 'v1.0.1', 1);
  assert.deepEqual([newest!.from, newest!.who], ['shadow', 'rollout']);
  assert.match(
    newest!.reason!,
    /v1\.0\.1 is rolled back at once: it answered with what are no probabilities/,
  );
  assert.equal(engine.rollouts.ended, 1);
});
