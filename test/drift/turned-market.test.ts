import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Alert } from '../../engine/drift/alert-store.js';
import type { Engine } from '../../engine/engine.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { followedBy, inventedBars } from '../support/markets.js';
import { eventually } from '../support/served.js';

const SERIES = 'market/EURUSD/1h';
const HOUR = 3_600_000;
const TRAINED = 2_400;
/** Bars of the turned market: the alarm, the 600 rows a training needs of it, and some more. */
const TURNED = 1_100;
const WAIT_MS = 300_000;
const bars = followedBy(
  inventedBars(TRAINED + 300, { momentum: 0.68, seed: 71 }),
  inventedBars(TURNED, { momentum: 0.32, seed: 72 }),
);
const TURN = TRAINED + 300;

async function opened(t: TestContext, folder: string, config: ConfigInput = {}): Promise<Engine> {
  return await openEngine(t, folder, config, { waitForEvidence: true });
}

async function feed(engine: Engine, from: number, to: number): Promise<void> {
  const instrument = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
  for (let at = from; at < to; at += 50) {
    engine.intake.ingestBars(instrument, bars.slice(at, Math.min(at + 50, to)) as Bar[]);
    await engine.settled();
  }
}

async function alertsOf(engine: Engine, all = false): Promise<Alert[]> {
  return await engine.alerts.list('platform', all);
}

test('a market whose edge turns round: an alarm, a training on the new market alone, a challenger; over restarts, and nobody does anything', async (t) => {
  const folder = temporaryFolder(t);
  const first = await opened(t, folder);
  await feed(first, 0, TRAINED);
  const { record } = await first.training.train(SERIES, bars[TRAINED - 1]!.openTime + HOUR);
  assert.equal(record.edge[0], true);
  await feed(first, TRAINED, TURN + 30);
  assert.deepEqual(await alertsOf(first), []);
  await first.stop();

  // What the monitor had seen is still there: it needs no longer than one that was never stopped.
  const second = await opened(t, folder);
  await feed(second, TURN + 30, TURN + 150);
  await eventually('an alert', async () => (await alertsOf(second)).length > 0, WAIT_MS);
  const [alert, ...others] = await alertsOf(second);
  assert.equal(others.length, 0, 'one alert, not one a bar');
  assert.equal(alert!.kind, 'performance');
  assert.equal(alert!.state, 'open');
  assert.equal(alert!.version, 'v1.0.0');
  assert.match(
    alert!.summary,
    /^Of the last \d+ moves over 1h the model had the direction of \d+ %, having stated \d+ %/,
  );
  const since = alert!.details['since'] as number;
  assert.ok(Math.abs(since - bars[TURN]!.openTime) < 60 * HOUR, 'the turn is dated');
  await eventually(
    'a job',
    async () => (await second.retraining.list('platform', false)).length === 1,
    WAIT_MS,
  );
  const [job] = await second.retraining.list('platform', false);
  assert.deepEqual([job!.cause, job!.status, job!.dataFrom], ['performance', 'queued', since]);
  await feed(second, TURN + 150, TURN + 400);
  assert.equal(
    (await second.registry.list(seriesIdentity(SERIES))).length,
    1,
    'there is too little of the new market to learn from',
  );
  await second.stop();

  const third = await opened(t, folder);
  await feed(third, TURN + 400, TURN + TURNED);
  const entered = async () => await third.deployments.history(seriesIdentity(SERIES), 'v1.0.1', 10);
  await eventually('a challenger', async () => (await entered()).some(({ to }) => to === 'shadow'), WAIT_MS);
  const entry = (await entered()).find(({ to }) => to === 'shadow')!;
  assert.equal(entry.who, 'engine');
  assert.match(entry.reason!, /^performance: Of the last/);
  const models = await third.registry.list(seriesIdentity(SERIES));
  assert.deepEqual(
    models.map((model) => [model.version, model.status]),
    [
      ['v1.0.0', 'production'],
      ['v1.0.1', 'shadow'],
    ],
  );
  const challenger = models[1]!;
  assert.ok(challenger.trainedFrom >= since - HOUR, 'it learned from the new market alone');
  assert.equal(challenger.edge[0], true);
  await eventually(
    'the job is over',
    async () => (await third.retraining.list('platform', true))[0]?.status === 'succeeded',
    WAIT_MS,
  );
  const [done] = await third.retraining.list('platform', true);
  assert.equal(done!.version, 'v1.0.1');
  assert.ok(done!.cpuMs > 0);
  const open = await alertsOf(third);
  assert.equal(
    open.filter(({ kind }) => kind === 'performance').length,
    1,
    'the model in use is still the old one',
  );
  assert.equal(third.alerts.counts().open, open.length);
});
