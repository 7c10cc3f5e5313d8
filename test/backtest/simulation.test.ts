import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { marketOf } from '../../engine/backtest/market.js';
import { performanceOf } from '../../engine/backtest/performance.js';
import { DEFAULT_RULE, positionsOf, type Forecast } from '../../engine/backtest/positions.js';
import { randomBand } from '../../engine/backtest/random-entries.js';
import { simulate, type Trade } from '../../engine/backtest/simulation.js';
import { Random } from '../../engine/learning/random.js';
import { MONDAY, inventedBars } from '../support/markets.js';

const HOUR = 3_600_000;
const GRID = BarGrid.of('1h');
const COSTS = { spreadBps: 0, commissionBps: 100, slippageBps: 0 };

const near = (x: number, expected: number): void =>
  assert.ok(Math.abs(x - expected) < 1e-9, `${x} for ${expected}`);

/** Bars that open and close at these bids, with a spread of 2. */
function barsOf(prices: readonly (readonly [number, number])[], spread = 2): Bar[] {
  return prices.map(([open, close], i) => ({
    openTime: MONDAY + i * HOUR,
    open,
    high: Math.max(open, close),
    low: Math.min(open, close),
    close,
    volume: NaN,
    tickCount: NaN,
    bid: close,
    ask: close + spread,
  }));
}

test('fills, costs and equity are those of a hand calculation', () => {
  const bars = barsOf([
    [100, 100],
    [100, 110],
    [110, 105],
    [104, 104],
  ]);
  const trades: Trade[] = [];
  const run = simulate(
    marketOf(bars, GRID, 'bid', COSTS),
    Int8Array.of(1, -1, 0, 0),
    { from: 0, to: 4 },
    COSTS,
    (trade) => trades.push(trade),
  );
  // Long at the ask of 102, out at the bid of 110; short at 110, out at the ask of 106; 1 % commission on each fill.
  [1, 1.068_431_372_549, 1.075_915_508_021, 1.075_338_609_48].forEach((value, i) =>
    near(run.equity[i]!, value),
  );
  near(run.traded, 1 + 110 / 102 + 1 + 106 / 110);
  assert.equal(run.barsIn, 2);
  assert.deepEqual(
    trades.map(({ entryBar, exitBar, side, entryPrice, exitPrice, exit }) => [
      entryBar,
      exitBar,
      side,
      entryPrice,
      exitPrice,
      exit,
    ]),
    [
      [1, 2, 1, 102, 110, 'turned'],
      [2, 3, -1, 110, 106, 'closed'],
    ],
  );
  near(trades[0]!.return, 0.057_647_058_824);
  // The mid went from 101 to 111: 10/102 without costs.
  near(trades[0]!.cost, 10 / 102 - 0.057_647_058_824);
  const p = performanceOf(run, trades, 4 * HOUR, 1);
  near(p.totalReturn, 0.075_338_609_48);
  near(p.maxDrawdown, 1 - 1.075_338_609_48 / 1.075_915_508_021);
  assert.equal(p.winRate, 1);
  assert.equal(p.profitFactor, undefined);
  assert.equal(p.exposure, 0.5);
});

test('slippage makes every fill worse, and a bar without quotes costs the configured spread', () => {
  const [bar] = barsOf([[100, 100]]);
  const bars = [0, 1, 2].map((i) => ({ ...bar!, openTime: MONDAY + i * HOUR, bid: NaN, ask: NaN }));
  const costs = { spreadBps: 200, commissionBps: 0, slippageBps: 100 };
  const market = marketOf(bars, GRID, 'mid', costs);
  assert.equal(market.quotedShare, 0);
  const trades: Trade[] = [];
  simulate(market, Int8Array.of(1, 0, 0), { from: 0, to: 3 }, costs, (trade) => trades.push(trade));
  // A mid of 100 with a spread of 2: in at 101 and 1 % worse, out at 99 and 1 % worse.
  near(trades[0]!.entryPrice, 101 * 1.01);
  near(trades[0]!.exitPrice, 99 * 0.99);
  near(trades[0]!.return, (99 * 0.99) / (101 * 1.01) - 1);
});

test('an open is filled with the wider of the spreads before and after it', () => {
  const [a, b] = barsOf(
    [
      [100, 100],
      [100, 100],
    ],
    1,
  );
  const market = marketOf([a!, { ...b!, ask: 105 }], GRID, 'bid', COSTS);
  assert.deepEqual([...market.openSpreads], [1, 5]);
});

test('a position open at the end is closed at the last close', () => {
  const bars = barsOf([
    [100, 100],
    [100, 120],
  ]);
  const trades: Trade[] = [];
  const run = simulate(
    marketOf(bars, GRID, 'bid', COSTS),
    Int8Array.of(1, 1),
    { from: 0, to: 2 },
    { ...COSTS, commissionBps: 0 },
    (trade) => trades.push(trade),
  );
  assert.equal(trades[0]!.exit, 'end');
  near(run.equity[1]!, 120 / 102);
});

test('a short that loses more than there is ends the account, and nothing is traded after it', () => {
  const bars = barsOf([
    [100, 100],
    [100, 100],
    [250, 250],
    [100, 100],
    [100, 100],
  ]);
  const run = simulate(
    marketOf(bars, GRID, 'bid', COSTS),
    Int8Array.of(-1, 0, -1, 0, 0),
    { from: 0, to: 5 },
    COSTS,
  );
  assert.deepEqual([...run.equity.subarray(2)], [0, 0, 0]);
});

function forecast(bar: number, down: number, flat: number, up: number, expected = 0.001): Forecast {
  return { bar, fold: 0, probabilities: [down, flat, up], returns: [expected] };
}

test('a signal opens, one the same way renews, the other way turns, and the horizon ends a position', () => {
  const market = marketOf(inventedBars(8), GRID, 'bid', COSTS);
  const rule = { ...DEFAULT_RULE, minDirectionalShare: 0.6 };
  const forecasts = [
    forecast(0, 0.2, 0.2, 0.6),
    // Too little of a lean: nothing is renewed, and an hour after bar 0 the position ends.
    forecast(1, 0.45, 0.1, 0.45),
    forecast(2, 0.6, 0.2, 0.2),
    forecast(3, 0.6, 0.2, 0.2),
    // Flat is likelier than either.
    forecast(4, 0.1, 0.6, 0.3),
    forecast(5, 0.2, 0.2, 0.6),
  ];
  assert.deepEqual([...positionsOf(forecasts, rule, market)], [1, 0, -1, -1, 0, 1, 0, 0]);
  const fourHours = { ...rule, horizon: 1 };
  const longer = forecasts.map((each) => ({
    ...each,
    probabilities: [0, 0, 0, ...each.probabilities],
    returns: [0, 0.001],
  }));
  assert.deepEqual([...positionsOf(longer, fourHours, market)], [1, 1, -1, -1, -1, 1, 1, 1]);
  assert.deepEqual(
    [...positionsOf(longer, { ...fourHours, exit: 'signal' }, market)],
    [1, 0, -1, -1, 0, 1, 0, 0],
  );
  // Expected returns below five spreads (0.00005 of the price each) do not act.
  const weak = [forecast(0, 0.1, 0.1, 0.8, 0.0002), forecast(1, 0.1, 0.1, 0.8, 0.0003)];
  assert.deepEqual([...positionsOf(weak, { ...rule, minReturnInSpreads: 5 }, market)].slice(0, 3), [0, 1, 0]);
});

test('random entries hold the same positions as long at the same cost, and say how rare a result is', () => {
  const bars = inventedBars(3_000, { momentum: 0.5, seed: 8 });
  const market = marketOf(bars, GRID, 'bid', { spreadBps: 1, commissionBps: 1, slippageBps: 0 });
  const range = { from: 100, to: 3_000 };
  const random = new Random(2);
  const byChance = Int8Array.from({ length: 3_000 }, (_, i) =>
    i % 7 < 2 ? (random.next() < 0.5 ? 1 : -1) : 0,
  );
  // A long whenever the next bar rises: knowing the future.
  const knowing = Int8Array.from({ length: 3_000 }, (_, i) =>
    i % 7 < 2 && i < 2_999 && bars[i + 1]!.close > bars[i + 1]!.open ? 1 : 0,
  );
  const costs = { spreadBps: 1, commissionBps: 1, slippageBps: 0 };
  const options = { runs: 300, seed: 5, spanMs: 2_900 * HOUR };
  const lucky = randomBand(market, byChance, range, costs, options);
  const able = randomBand(market, knowing, range, costs, options);
  assert.equal(able.asGoodBySharpe, 1 / 301, 'no run of chance comes near it');
  assert.ok(lucky.asGoodBySharpe > 0.01 && lucky.asGoodBySharpe < 0.99, `${lucky.asGoodBySharpe}`);
  const own = simulate(market, byChance, range, costs).equity.at(-1)! - 1;
  assert.ok(
    lucky.totalReturn[0] < own && own < lucky.totalReturn[2],
    `${own} in ${lucky.totalReturn.join()}`,
  );
  assert.equal(lucky.points.at(-1), 2_899);
  assert.deepEqual(randomBand(market, byChance, range, costs, options), lucky, 'the seed repeats it');

  // One position alone may be anywhere: chance does as well with many results, not two.
  const once = new Int8Array(3_000).fill(1, 500, 700);
  const single = randomBand(market, once, range, costs, options);
  assert.ok(single.totalReturn[0] < single.totalReturn[1] && single.totalReturn[1] < single.totalReturn[2]);

  // In a market that stands still all that is lost is costs: every order of the positions loses the same.
  const still = marketOf(barsOf(Array.from({ length: 200 }, () => [100, 100] as const)), GRID, 'bid', costs);
  const standing = randomBand(still, byChance.subarray(0, 200), { from: 0, to: 200 }, costs, {
    ...options,
    spanMs: 200 * HOUR,
  });
  near(standing.totalReturn[0], standing.totalReturn[2]);
  near(
    standing.totalReturn[1],
    simulate(still, byChance.subarray(0, 200), { from: 0, to: 200 }, costs).equity[199]! - 1,
  );
});
