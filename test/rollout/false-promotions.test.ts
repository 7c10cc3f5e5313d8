import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelDetails__Output as ModelDetails } from '../../engine/api/generated/suho/v1/ModelDetails.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { evidenceForProduction } from '../../engine/rollout/false-promotions.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { risingBars } from '../support/markets.js';
import { registerModel, statingPredictor } from '../support/rollout.js';
import { TestClient, serve } from '../support/served.js';

const DAY = 86_400_000;
const SERIES = 'acme@published/EURUSD/1h';
const ACME = seriesIdentity(SERIES);
/** Bars of which nine of ten go up. */
const bars = risingBars(330);

test('challengers that merely come with time share the chances of a year, however many they are', () => {
  // 1.75 % × 30 / 365 is 0.144 %, one in 695.
  assert.equal(evidenceForProduction(30 * DAY), 695);
  assert.equal(evidenceForProduction(undefined), 100);
  assert.equal(evidenceForProduction(365 * DAY), 100, 'one chance is 1 % at most');
  for (const apart of [1, 7, 30, 90, 365]) {
    let chance = 0;
    for (let day = apart; day <= 730; day += apart) chance += 1 / evidenceForProduction(apart * DAY);
    assert.ok(chance <= 0.0351, `every ${apart} days: ${chance}`);
  }
  for (const none of [0, -DAY]) assert.equal(evidenceForProduction(none), 1_000_000);
});

test('what makes a challenger production is kept with its trial; a new one takes the place of the shadow with the least evidence left', async (t) => {
  const folder = temporaryFolder(t);
  let engine = await openEngine(t, folder);
  const market = { tenantId: 'acme', symbol: 'EURUSD', timeframe: '1h', signalTimeframes: ['1h'] } as const;
  const publish = async (from: number, to: number): Promise<void> => {
    await engine.intake.publishBars({ ...market, bars: bars.slice(from, to) });
    await engine.settled();
    await engine.stored();
  };
  await publish(0, 250);
  const says = [
    [0.2, 0.2, 0.6],
    [0.21, 0.2, 0.59],
    [0.25, 0.2, 0.55],
    [0.19, 0.2, 0.61],
    [0.22, 0.2, 0.58],
    [0.2, 0.19, 0.61],
  ] as const;
  const through = bars[249]!.openTime - 200 * DAY;
  const propose = async (i: number): Promise<void> => {
    const version = `v1.0.${i}`;
    const predictor = statingPredictor(says[i]!);
    await registerModel(engine, { series: ACME, version, predictor, trainedThrough: through + 30 * i * DAY });
    const isDue = i !== 2;
    await engine.rollouts.propose({ series: ACME, version, by: 'retraining', reason: 'a test', isDue });
  };
  for (let i = 0; i < 5; i++) await propose(i);
  const trials = async () =>
    (await engine.deployments.visible({ tenantId: 'acme' })).map(({ version, status, trial }) => ({
      version,
      is: status,
      evidence: trial?.evidence,
    }));
  const shadow = (i: number, evidence = 695) => ({ version: `v1.0.${i}`, is: 'shadow', evidence });
  const first = { version: 'v1.0.0', is: 'production', evidence: undefined };
  assert.deepEqual(await trials(), [first, shadow(1), shadow(2, 100), shadow(3), shadow(4)]);
  await publish(250, 280);
  await engine.stop();
  engine = await openEngine(t, folder);
  await engine.plans.check();
  // v1.0.2 is the worst where nine bars of ten go up; v1.0.1 was there before it.
  await propose(5);
  assert.deepEqual(await trials(), [
    first,
    shadow(1),
    { version: 'v1.0.2', is: 'archived', evidence: undefined },
    shadow(3),
    shadow(4),
    shadow(5),
  ]);
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const { outcomes } = await client.call<ModelDetails>('ModelService', 'GetModel', {
    model: { name: 'published/EURUSD/1h', version: 'v1.0.3', tenant_id: 'acme' },
  });
  const [next] = outcomes;
  assert.equal(next!.outcome, 'v1.0.3 serves 10 % of the bars');
  assert.deepEqual(
    next!.conditions.map(({ what, needed }) => [what, needed]),
    [['evidence that v1.0.3 is better', 4]],
  );
  const [retired] = await engine.deployments.history(ACME, 'v1.0.2', 1);
  assert.match(
    retired!.reason!,
    /^v1\.0\.2 is retired undecided: it makes room for v1\.0\.5, 4 shadows are tried at once at most, and of theirs its evidence of being better is the least: 0\.\d\.$/,
  );
});
