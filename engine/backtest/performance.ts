import { sharpeOf, type SharpeReport } from './sharpe.js';
import type { Run, Trade } from './simulation.js';

const YEAR_MS = 365.25 * 86_400_000;

/** How a run did. Shares are of 1; what is by year counts calendar years of 365.25 days. */
export interface Performance {
  /** Of the equity, over the whole time. */
  readonly totalReturn: number;
  readonly annualReturn: number;
  readonly annualVolatility: number;
  /** Undefined when the equity never changed. */
  readonly sharpe: SharpeReport | undefined;
  /** Deepest fall of the equity from its highest value so far, bar closes looked at. */
  readonly maxDrawdown: number;
  readonly trades: number;
  /** Share of the trades that ended above 0, all costs paid; undefined without trades. */
  readonly winRate: number | undefined;
  /** Gains of winning trades over losses of losing ones; undefined when nothing was lost. */
  readonly profitFactor: number | undefined;
  readonly meanTrade: number | undefined;
  /** Share of the bars with a position. */
  readonly exposure: number;
  /** Value traded in a year, in units of the equity; both sides count. */
  readonly turnover: number;
  /** What spread, slippage and commission took, summed over the trades as shares of the equity at their entry. */
  readonly costs: number;
}

/** Bars in a year, as the market has them: weekends and holidays count nothing. */
export function barsPerYear(bars: number, spanMs: number): number {
  return (bars / spanMs) * YEAR_MS;
}

/** Returns of the equity, one a bar; the first one is against 1. */
export function returnsOf(equity: Float64Array): Float64Array {
  return Float64Array.from(equity, (value, i) => {
    const before = i === 0 ? 1 : equity[i - 1]!;
    return before > 0 ? value / before - 1 : 0;
  });
}

/** Falls of the equity from its highest value so far, one a bar, 0..1. */
export function drawdownsOf(equity: Float64Array): Float64Array {
  let highest = 1;
  return Float64Array.from(equity, (value) => {
    highest = Math.max(highest, value);
    return 1 - value / highest;
  });
}

/** Measures a run that took `spanMs`, with what was tried beside it (see {@link sharpeOf}). */
export function performanceOf(
  { equity, traded, barsIn }: Run,
  trades: readonly Trade[],
  spanMs: number,
  trials: number,
  trialSpread?: number,
): Performance {
  const perYear = barsPerYear(equity.length, spanMs);
  const returns = returnsOf(equity);
  const last = equity.at(-1) ?? 1;
  const mean = returns.reduce((sum, r) => sum + r, 0) / Math.max(1, returns.length);
  const variance = returns.reduce((sum, r) => sum + (r - mean) ** 2, 0) / Math.max(1, returns.length);
  const sumOf = (of: (trade: Trade) => number): number => trades.reduce((sum, each) => sum + of(each), 0);
  const gains = sumOf((trade) => Math.max(0, trade.return));
  const losses = sumOf((trade) => Math.max(0, -trade.return));
  return {
    totalReturn: last - 1,
    annualReturn: last > 0 ? last ** (YEAR_MS / spanMs) - 1 : -1,
    annualVolatility: Math.sqrt(variance * perYear),
    sharpe: sharpeOf(returns, perYear, trials, trialSpread),
    maxDrawdown: drawdownsOf(equity).reduce((deepest, fall) => Math.max(deepest, fall), 0),
    trades: trades.length,
    winRate:
      trades.length === 0 ? undefined : trades.filter((trade) => trade.return > 0).length / trades.length,
    profitFactor: losses > 0 ? gains / losses : undefined,
    meanTrade: trades.length === 0 ? undefined : sumOf((trade) => trade.return) / trades.length,
    exposure: equity.length === 0 ? 0 : barsIn / equity.length,
    turnover: (traded * YEAR_MS) / spanMs,
    costs: sumOf(({ cost }) => cost),
  };
}
