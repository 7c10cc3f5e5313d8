import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import { backtest } from '../../engine/backtest/backtest.js';
import { DEFAULT_COSTS } from '../../engine/backtest/market.js';
import { DEFAULT_RULE } from '../../engine/backtest/positions.js';
import { walkForwardEquity } from '../../engine/backtest/walk-forward-equity.js';
import { perceptron } from '../../engine/learning/families/perceptron.js';
import { train } from '../../engine/learning/trainer.js';
import { MONDAY, inventedBars } from '../support/markets.js';

const HOUR = 3_600_000;
const GRID = BarGrid.of('1h');

/** What a model says of the first horizon: the probability of down, flat and up. */
const said = (bar: number, ...first: [number, number, number]) => ({
  bar,
  fold: 0,
  probabilities: [...first, 0, 1, 0, 0, 1, 0],
  returns: [0, 0, 0],
});

const near = (x: number, expected: number): void =>
  assert.ok(Math.abs(x - expected) < 1e-12, `${x} for ${expected}`);

test('walk-forward forecasts are traded with every cost, as a hand calculation has it', () => {
  const bars: Bar[] = [
    [90, 90],
    [100, 100],
    [100, 101],
    [101, 100],
    [100, 103],
  ].map(([open, close], i) => ({
    openTime: MONDAY + i * HOUR,
    open: open!,
    high: Math.max(open!, close!),
    low: Math.min(open!, close!),
    close: close!,
    volume: NaN,
    tickCount: NaN,
    bid: close!,
    ask: close! + 0.02,
  }));
  const forecasts = [said(1, 0, 0, 1), said(2, 0, 1, 0), said(3, 1, 0, 0), said(4, 0, 1, 0)];
  const equity = walkForwardEquity(bars, GRID, forecasts, 0)!;

  // 0.35 bps of commission and 0.1 bps of slippage on each side; a buy pays the ask, 0.02 above the bid.
  const [fee, worse] = [0.000_035, 0.000_01];
  const [bought, sold] = [100.02 * (1 + worse), 101 * (1 - worse)];
  const atPeak = 1 - fee + (101 - bought) / bought;
  const afterLong = 1 - fee + (sold - bought) / bought - (sold / bought) * fee;
  const [shorted, covered] = [100 * (1 - worse), 103.02 * (1 + worse)];
  const end = afterLong * (1 - fee + (shorted - covered) / shorted - (covered / shorted) * fee);
  assert.deepEqual(
    [equity.horizon, equity.trades, equity.won, equity.quotedShare, equity.points.length],
    ['1h', 2, 0.5, 1, 4],
  );
  near(equity.total, end - 1);
  near(equity.drawdown, 1 - end / atPeak);
  equity.points.forEach(([time, gained, fall], i) => {
    assert.equal(time, MONDAY + (i + 2) * HOUR);
    near(gained, [0, atPeak - 1, afterLong - 1, end - 1][i]!);
    near(fall, [0, 0, afterLong / atPeak - 1, end / atPeak - 1][i]!);
  });
  // Against mid prices.
  const [longAtMid, shortAtMid] = [(101.01 - 100.01) / bought, (100.01 - 103.01) / shorted];
  near(equity.cost, longAtMid - (afterLong - 1) + shortAtMid - (end / afterLong - 1));
  assert.equal(walkForwardEquity(bars, GRID, [], 0), undefined);
});

test('what a training keeps is what a backtest with the same folds gains', async () => {
  const bars = inventedBars(2_600, { momentum: 0.75, seed: 41 });
  const { equity, verdict, folds } = await train(bars, '1h', {
    family: 'perceptron',
    seed: 7,
    folds: 3,
    rowsMax: 20_000,
  });
  assert.equal(verdict.primaryHorizon, 0);
  const { performance, trades } = await backtest(bars, {
    timeframe: '1h',
    calendar: UTC_CALENDAR,
    basis: 'bid',
    family: perceptron,
    folds: 3,
    rowsMax: 20_000,
    testShare: 0.5,
    seed: 7,
    budgetSeconds: 180,
    rule: DEFAULT_RULE,
    costs: DEFAULT_COSTS,
    trials: 1,
    randomRuns: 1,
    checksLeakage: false,
  });
  near(equity!.total, performance.totalReturn);
  near(equity!.drawdown, performance.maxDrawdown);
  near(equity!.cost, performance.costs);
  assert.deepEqual([equity!.trades, equity!.won], [trades.length, performance.winRate]);
  assert.ok(equity!.points.length > 200 && equity!.points.length <= 400, `${equity!.points.length}`);
  assert.deepEqual(
    [equity!.points.at(-1)![0], equity!.points.at(-1)![1]],
    [folds.at(-1)!.through, equity!.total],
  );
});
