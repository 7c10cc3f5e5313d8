import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { risingBars } from '../support/markets.js';
import { EURUSD, registerModel, statingPredictor } from '../support/rollout.js';

const SERIES = 'market/EURUSD/1h';
/** Bars of which nine of ten go up. */
const bars = risingBars(420);

test('a challenger that outcomes prove better goes from shadow to production by itself, over a restart, and one they prove worse is retired', async (t) => {
  const folder = temporaryFolder(t);
  let engine = await openEngine(t, folder);
  const id = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'acme',
    timeframe: '1h',
  });
  let fed = 0;
  /** Takes bars up to one, has what came of them stored, and looks at the trials. */
  const until = async (bar: number): Promise<string[]> => {
    engine.intake.ingestBars(id, bars.slice(fed, bar));
    fed = bar;
    await engine.settled();
    await engine.stored();
    await engine.rollouts.decideAll();
    const models = await engine.deployments.visible({ tenantId: 'acme' });
    return models.map(({ status, traffic = 1 }) => (status === 'canary' ? `canary ${traffic}` : status));
  };
  await until(250);
  await registerModel(engine, { predictor: statingPredictor([0.3, 0.2, 0.5]) });
  await registerModel(engine, { version: 'v1.0.1', predictor: statingPredictor([0.07, 0.08, 0.85]) });
  await registerModel(engine, { version: 'v1.0.2', predictor: statingPredictor([0.5, 0.2, 0.3]) });
  for (const version of ['v1.0.0', 'v1.0.1', 'v1.0.2'])
    await engine.rollouts.propose({ series: EURUSD, version, by: 'retraining', reason: 'enough new bars' });
  assert.deepEqual(await until(251), ['production', 'shadow', 'shadow']);
  assert.deepEqual(await until(275), ['production', 'canary 0.1', 'archived']);
  assert.equal(engine.instruments.routeOf('acme', SERIES)!.canary?.share, 0.1);
  assert.deepEqual(await until(290), ['production', 'canary 0.1', 'archived'], 'it serves 30 bars first');
  await engine.stop();
  engine = await openEngine(t, folder);
  await engine.plans.check();
  assert.deepEqual(await until(310), ['production', 'canary 0.5', 'archived']);
  assert.deepEqual(await until(345), ['deprecated', 'production', 'archived']);
  const plan = engine.instruments.routeOf('acme', SERIES)!;
  assert.deepEqual([plan.version, plan.canary, plan.shadows], ['v1.0.1', undefined, undefined]);

  const history = (await engine.deployments.history(EURUSD, 'v1.0.1', 100)).reverse().slice(3);
  assert.deepEqual(
    history.map(({ to, share, who }) => [to, share, who]),
    [
      ['shadow', undefined, 'retraining'],
      ['canary', 0.1, 'rollout'],
      ['canary', 0.5, 'rollout'],
      ['production', undefined, 'rollout'],
    ],
  );
  const figures =
    /^v1\.0\.1 .*: better than v1\.0\.0 with evidence .* needed\. Over \d+ bars the log-loss of v1\.0\.1 is 0\./;
  for (const { reason } of history.slice(1)) assert.match(reason!, figures);
  const [retired] = await engine.deployments.history(EURUSD, 'v1.0.2', 1);
  assert.match(retired!.reason!, /^v1\.0\.2 is retired: not better than v1\.0\.0 by the 0\.002 nats/);
});
