import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import type { Alert } from '../../engine/drift/alert-store.js';
import type { Engine } from '../../engine/engine.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import type { ListedModel } from '../../engine/registry/model-registry.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { followedBy, inventedBars } from '../support/markets.js';
import { eventually } from '../support/served.js';

const SERIES = 'market/EURUSD/1h';
const HOUR = 3_600_000;
const TRAINED = 2_400;
const TURN = TRAINED + 300;
/** How often a bar goes the way of the last, before the turn and after it. */
const [BEFORE, AFTER] = [0.68, 0.32];
const WAIT_MS = 300_000;
const bars = followedBy(
  inventedBars(TURN, { momentum: BEFORE, seed: 71 }),
  inventedBars(3_400, { momentum: AFTER, seed: 72 }),
);

async function opened(t: TestContext, folder: string): Promise<Engine> {
  // Bars come faster than they ever do: no answer may be too late on a busy machine.
  const config = { inference: { deadlineMs: 600_000 } };
  return await openEngine(t, folder, config, { waitForEvidence: false });
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
  return await engine.alerts.list({ tenantId: 'platform' }, all);
}

async function modelsOf(engine: Engine): Promise<ListedModel[]> {
  return await engine.registry.list(seriesIdentity(SERIES));
}

/** How often the likelier of up and down, as signals of some bars said, was what the next bar did. */
function rightOf(engine: Engine, from: number, to: number): number {
  let [right, moves] = [0, 0];
  for (const { signal } of engine.journal.predictions.conclusions.newestSignals(
    `signal:default:${SERIES}`,
    bars[from]!.openTime + HOUR,
    to - from,
  )) {
    const at = Math.round((signal.barCloseTime - bars[0]!.openTime) / HOUR);
    const next = bars[at];
    if (next === undefined) continue;
    const { up, down } = signal.forecasts[0]!;
    moves++;
    if (up > down === next.close > next.open) right++;
  }
  assert.ok(moves > (to - from) / 2, `${moves} signals`);
  return right / moves;
}

test('a market whose edge turns round: an alarm, a training on the new market alone, a challenger that becomes production; over restarts, and nobody does anything', async (t) => {
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
    async () => (await second.retraining.list({ tenantId: 'platform' }, false)).length === 1,
    WAIT_MS,
  );
  const [job] = await second.retraining.list({ tenantId: 'platform' }, false);
  assert.deepEqual([job!.cause, job!.status, job!.dataFrom], ['performance', 'queued', since]);
  await feed(second, TURN + 150, TURN + 400);
  assert.equal((await modelsOf(second)).length, 1, 'there is too little of the new market to learn from');
  await second.stop();

  const third = await opened(t, folder);
  let at = TURN + 400;
  const statusOf = async (version: string): Promise<string | undefined> =>
    (await modelsOf(third)).find((model) => model.version === version)?.status;
  await feed(third, at, (at = TURN + 700));
  await eventually('a challenger', async () => (await statusOf('v1.0.1')) === 'shadow', WAIT_MS);
  const challenger = (await modelsOf(third))[1]!;
  assert.ok(challenger.trainedFrom >= since - HOUR, 'it learned from the new market alone');
  assert.equal(challenger.edge[0], true);
  assert.equal(await statusOf('v1.0.0'), 'production');
  await eventually(
    'the job is over',
    async () =>
      (await third.retraining.list({ tenantId: 'platform' }, true)).some(
        ({ status }) => status === 'succeeded',
      ),
    WAIT_MS,
  );
  const done = (await third.retraining.list({ tenantId: 'platform' }, true)).find(
    ({ status }) => status === 'succeeded',
  )!;
  assert.equal(done.version, 'v1.0.1');
  assert.ok(done.cpuMs > 0);

  // It is decided by what came of its forecasts, as bars come.
  while ((await statusOf('v1.0.1')) !== 'production' && at < bars.length - 500) {
    const before = await statusOf('v1.0.1');
    await feed(third, at, (at += 100));
    await third.stored();
    await third.rollouts.decideAll();
    if (before !== (await statusOf('v1.0.1')))
      t.diagnostic(`${await statusOf('v1.0.1')} ${at - TURN} bars after the turn`);
  }
  assert.equal(await statusOf('v1.0.1'), 'production');
  await feed(third, at, at + 400);
  const right = rightOf(third, at, at + 399);
  // Nine tenths of the edge, 18 points above a coin, less two standard errors of 400 moves.
  assert.ok(right >= 0.5 + 0.9 * (0.5 - AFTER) - 0.05, `${right}`);
  await eventually(
    'the alert about the old model is closed',
    async () => (await alertsOf(third)).every(({ version }) => version !== 'v1.0.0'),
    WAIT_MS,
  );
});
