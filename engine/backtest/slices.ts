import { drawdownsOf } from './performance.js';
import { pointsOf } from './random-entries.js';
import { REGIMES, regimesOf } from './regimes.js';
import type { BacktestResult } from './backtest.js';
import type { Trade } from './simulation.js';

/** Points of a curve: enough for a screen. */
const POINTS = 800;
const HOURS = 24;

/** What the trades of one hour or regime were worth. */
export interface Slice {
  readonly name: string;
  readonly trades: number;
  /** Mean return of a trade, all costs paid, and its standard error; null without trades, or with one. */
  readonly meanReturn: number | null;
  readonly standardError: number | null;
  readonly winRate: number | null;
}

/** Trades by the hour (UTC) their entry was filled in. */
export function byHour(trades: readonly Trade[]): Slice[] {
  return Array.from({ length: HOURS }, (_, hour) =>
    sliceOf(
      String(hour).padStart(2, '0'),
      trades.filter(({ entryTime }) => new Date(entryTime).getUTCHours() === hour),
    ),
  );
}

/** Trades by the regime that was known when they were decided. */
export function byRegime({ market, trades }: BacktestResult): Slice[] {
  const regimes = regimesOf(market);
  return REGIMES.map((name, regime) =>
    sliceOf(
      name,
      trades.filter(({ entryBar }) => regimes[entryBar - 1] === regime),
    ),
  );
}

function sliceOf(name: string, trades: readonly Trade[]): Slice {
  const n = trades.length;
  if (n === 0) return { name, trades: 0, meanReturn: null, standardError: null, winRate: null };
  const mean = trades.reduce((sum, trade) => sum + trade.return, 0) / n;
  const squares = trades.reduce((sum, trade) => sum + (trade.return - mean) ** 2, 0);
  return {
    name,
    trades: n,
    meanReturn: mean,
    standardError: n > 1 ? Math.sqrt(squares / (n - 1) / n) : null,
    winRate: trades.filter((trade) => trade.return > 0).length / n,
  };
}

/** The return of one calendar month (UTC). */
export interface MonthlyReturn {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly return: number;
}

/** Returns of the equity by calendar month, the first and the last month as far as they are traded. */
export function monthlyReturns({ market, range, run }: BacktestResult): MonthlyReturn[] {
  const months: MonthlyReturn[] = [];
  let begins = 1;
  for (let bar = range.from; bar < range.to; bar++) {
    const of = (at: number): Date => new Date(market.openTimes[at]!);
    const now = of(bar);
    const isLast = bar === range.to - 1 || of(bar + 1).getUTCMonth() !== now.getUTCMonth();
    if (!isLast) continue;
    const ends = run.equity[bar - range.from]!;
    months.push({
      year: now.getUTCFullYear(),
      month: now.getUTCMonth() + 1,
      return: begins > 0 ? ends / begins - 1 : 0,
    });
    begins = ends;
  }
  return months;
}

/** Equity over time, thinned to what a screen shows; the deepest drawdown of each stretch is kept. */
export interface Curve {
  readonly time: readonly number[];
  readonly equity: readonly number[];
  readonly buyAndHold: readonly number[];
  readonly drawdown: readonly number[];
}

export function curveOf({ market, range, run, buyAndHold }: BacktestResult): Curve {
  const points = pointsOf(range.to - range.from, POINTS);
  const falls = drawdownsOf(run.equity);
  return {
    time: points.map((at) => market.closeTimes[range.from + at]!),
    equity: points.map((at) => run.equity[at]!),
    buyAndHold: points.map((at) => buyAndHold.run.equity[at]!),
    drawdown: points.map((at, i) =>
      falls
        .subarray(i === 0 ? 0 : points[i - 1]! + 1, at + 1)
        .reduce((most, fall) => Math.max(most, fall), 0),
    ),
  };
}
