import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import type { Alert } from '../../engine/drift/alert-store.js';
import type { Engine } from '../../engine/engine.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import type { ListedModel } from '../../engine/registry/model-registry.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { LeapingClock } from '../support/leaping-clock.js';
import { followedBy, inventedBars } from '../support/markets.js';

const SERIES = 'market/EURUSD/1h';
const HOUR = 3_600_000;
const TRAINED = 2_400;
const TURN = TRAINED + 300;
/** How often a bar goes the way of the last, before the turn and after it. */
const [BEFORE, AFTER] = [0.68, 0.32];
/** Bars that come between two looks of the engine at what it watches, trains and tries. */
const LEAP_BARS = 10;
const bars = followedBy(
  inventedBars(TURN, { momentum: BEFORE, seed: 71 }),
  inventedBars(3_400, { momentum: AFTER, seed: 72 }),
);

/** An engine, and the time it lives in. */
interface Lived {
  readonly engine: Engine;
  readonly clock: LeapingClock;
}

async function opened(t: TestContext, folder: string, at: number): Promise<Lived> {
  const clock = new LeapingClock(bars[at]!.openTime);
  // Bars come faster than they ever do: no answer may be too late on a busy machine.
  const config = { inference: { deadlineMs: 600_000 }, training: { folds: 1, firstModels: false } };
  return { engine: await openEngine(t, folder, config, { waitForEvidence: false, clock }), clock };
}

/** Bars come in at their time; what the engine does of itself it does by its own timers. */
async function live({ engine, clock }: Lived, from: number, to: number): Promise<void> {
  const instrument = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
  for (let at = from; at < to; at += LEAP_BARS) {
    const end = Math.min(at + LEAP_BARS, to);
    engine.intake.ingestBars(instrument, bars.slice(at, end) as Bar[]);
    await engine.settled();
    await engine.stored();
    await clock.leapTo(bars[end - 1]!.openTime + HOUR);
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

/** Acts on a version in their order: what it became, by whom, and why. */
async function storyOf(engine: Engine, version: string): Promise<string[]> {
  const acts = (await engine.deployments.history(seriesIdentity(SERIES), version, 100)).reverse();
  return acts.map(
    ({ to, share, who, reason = '' }) =>
      `${to}${share === undefined ? '' : ` ${share}`} by ${who}: ${reason}`,
  );
}

test('a market whose edge turns round: an alarm, a training on the new market alone, a challenger that becomes production; over restarts, and nobody does anything', async (t) => {
  const folder = temporaryFolder(t);
  const first = await opened(t, folder, 0);
  await live(first, 0, TRAINED);
  const { record } = await first.engine.training.train(SERIES, bars[TRAINED - 1]!.openTime + HOUR);
  assert.equal(record.edge[0], true);
  await live(first, TRAINED, TURN + 30);
  assert.deepEqual(await alertsOf(first.engine), []);
  await first.engine.stop();

  // What the monitor had seen is still there: it needs no longer than one that was never stopped.
  const second = await opened(t, folder, TURN + 30);
  await live(second, TURN + 30, TURN + 150);
  const [alert, ...others] = await alertsOf(second.engine);
  assert.equal(others.length, 0, 'one alert, not one a bar');
  assert.equal(alert!.kind, 'performance');
  assert.equal(alert!.state, 'open');
  assert.equal(alert!.version, 'v1.0.0');
  t.diagnostic(`the alarm: ${(alert!.raisedAt - bars[TURN]!.openTime) / HOUR} hours after the turn`);
  assert.ok(alert!.raisedAt <= bars[TURN + 150]!.openTime);
  assert.match(
    alert!.summary,
    /^Of the last \d+ moves over 1h the model had the direction of \d+ %, having stated \d+ %/,
  );
  const since = alert!.details['since'] as number;
  assert.ok(Math.abs(since - bars[TURN]!.openTime) < 60 * HOUR, 'the turn is dated');
  const [job, ...more] = await second.engine.retraining.list({ tenantId: 'platform' }, false);
  assert.equal(more.length, 0);
  assert.deepEqual([job!.cause, job!.status, job!.dataFrom], ['performance', 'queued', since]);
  await live(second, TURN + 150, TURN + 400);
  assert.equal(
    (await modelsOf(second.engine)).length,
    1,
    'there is too little of the new market to learn from',
  );
  await second.engine.stop();

  let at = TURN + 400;
  const third = await opened(t, folder, at);
  const { engine } = third;
  const statuses = async (): Promise<string[]> => (await modelsOf(engine)).map(({ status }) => status);
  const until = async (status: string, barsMax: number): Promise<void> => {
    const last = at + barsMax;
    while ((await statuses())[1] !== status && at < last) await live(third, at, (at += LEAP_BARS));
    assert.equal((await statuses())[1], status);
    t.diagnostic(`${status} ${at - TURN} bars after the turn`);
  };
  await until('shadow', 500);
  const [, challenger] = await modelsOf(engine);
  assert.ok(challenger!.trainedFrom >= since - HOUR, 'it learned from the new market alone');
  assert.deepEqual([challenger!.version, challenger!.edge[0]], ['v1.0.1', true]);
  assert.deepEqual(await statuses(), ['production', 'shadow']);
  const done = (await engine.retraining.list({ tenantId: 'platform' }, true)).find(
    ({ status }) => status === 'succeeded',
  )!;
  assert.deepEqual([done.jobId, done.version], [job!.jobId, 'v1.0.1']);
  assert.ok(done.cpuMs > 0);

  // It is decided by what came of its forecasts, as bars come.
  await until('canary', 1_500);
  await until('production', 1_500);
  assert.equal((await statuses())[0], 'deprecated');
  await live(third, at, at + 400);
  const right = rightOf(engine, at, at + 399);
  // Nine tenths of the edge, 18 points above a coin, less two standard errors of 400 moves.
  assert.ok(right >= 0.5 + 0.9 * (0.5 - AFTER) - 0.05, `${right}`);
  assert.ok(
    (await alertsOf(engine)).every(({ version }) => version !== 'v1.0.0'),
    'the alert is closed',
  );
  // A training that somebody asks for learns of the old market no more either.
  await engine.retraining.request({
    seriesId: SERIES,
    cause: 'requested',
    reason: 'A test asks.',
    priority: 100,
    dataFrom: undefined,
    newEncoder: false,
  });
  await live(third, at + 400, at + 420);
  const [, , asked] = await modelsOf(engine);
  assert.ok(asked!.trainedFrom >= challenger!.trainedFrom && asked!.rows > challenger!.rows);
  assert.equal(asked!.edge[0], true);
  const story = await storyOf(engine, 'v1.0.1');
  for (const act of story) t.diagnostic(act);
  [
    /^shadow by engine: performance: Of the last \d+ moves over 1h the model had the direction of/,
    /^canary 0\.1 by rollout: v1\.0\.1 .*better than v1\.0\.0 with evidence/,
    /^canary 0\.5 by rollout: v1\.0\.1 .*better than v1\.0\.0 with evidence/,
    /^production by rollout: v1\.0\.1 .*better than v1\.0\.0 with evidence/,
  ].forEach((act, i) => assert.match(story.slice(-4)[i]!, act));
});
