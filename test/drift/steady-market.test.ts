import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedBars } from '../../engine/feeds/simulator.js';
import { EVERY_HOURS, YEAR_BARS, liveSteadily } from '../support/steady-market.js';

test('in markets that do not change, with regimes of volatility: few alarms, trainings within their budget, and next to no model is replaced by one that is no better', () => {
  const seeds = 4;
  const life = liveSteadily({
    seeds,
    hours: YEAR_BARS,
    trainedRows: 3_000,
    barsOf: (seed, count) => simulatedBars('EURUSD', seed, '1h', count),
    // As long as `auto` may take.
    trainingMs: 180_000,
  });
  assert.ok(life.alarms <= seeds, `${life.alarms} alarms in ${seeds} years`);
  // One every 30 days, and those that alarms ask for.
  const scheduled = Math.floor(YEAR_BARS / EVERY_HOURS) * seeds;
  assert.ok(
    life.trainings >= scheduled && life.trainings <= scheduled + seeds + life.alarms,
    `${life.trainings}`,
  );
  assert.equal(life.challengers, life.trainings);
  // The training that reaches the ten minutes was begun below them.
  assert.ok(life.mostMsAnHour < 13 * 60_000, `${life.mostMsAnHour} ms`);
  // A chance of 2.5 % a year and series at most: two of four in one case of 280.
  assert.ok(life.changedAt.length <= 1, `${life.promoted} of ${life.challengers}`);
});
