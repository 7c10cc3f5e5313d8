import { HORIZONS } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import type { BarGrid } from '../../actors/market/bar-grid.js';
import { DEFAULT_COSTS, marketOf } from './market.js';
import { drawdownsOf } from './performance.js';
import { DEFAULT_RULE, positionsOf, type Forecast } from './positions.js';
import { simulate, type Trade } from './simulation.js';

/** Points that are kept of a curve: more than a page has pixels for would only be stored. */
const POINTS_MAX = 400;

/** What trading a version's walk-forward forecasts came to, all costs paid. Shares are of 1. */
export interface WalkForwardEquity {
  /** Horizon that was traded. */
  readonly horizon: string;
  readonly trades: number;
  /** Share of the trades that gained. */
  readonly won: number;
  readonly total: number;
  /** What spread, slippage and commission took, summed over the trades. */
  readonly cost: number;
  /** Deepest fall of the equity below its highest value so far, bar closes looked at. */
  readonly drawdown: number;
  /** Share of the bars whose spread is the data's own; the others have the default of `suho backtest`. */
  readonly quotedShare: number;
  /** Close of a bar, what the equity gained until then, and how far it is below its highest (0 or less); oldest first. */
  readonly points: readonly (readonly [number, number, number])[];
}

/**
 * Trades walk-forward forecasts, oldest first, over a horizon by the rule and costs that `suho backtest` has by default. Undefined
 * without forecasts.
 */
export function walkForwardEquity(
  bars: readonly Bar[],
  grid: BarGrid,
  forecasts: readonly Forecast[],
  horizon: number,
): WalkForwardEquity | undefined {
  const [first] = forecasts;
  if (first === undefined) return undefined;
  // A round trip costs one spread whatever the bars' prices are: bids, mids or asks.
  const market = marketOf(bars, grid, 'bid', DEFAULT_COSTS);
  const range = { from: first.bar, to: forecasts.at(-1)!.bar + 1 };
  const trades: Trade[] = [];
  const positions = positionsOf(forecasts, { ...DEFAULT_RULE, horizon }, market);
  const { equity } = simulate(market, positions, range, DEFAULT_COSTS, (trade) => trades.push(trade));
  const falls = drawdownsOf(equity);
  const step = Math.ceil(equity.length / POINTS_MAX);
  const points = Array.from(equity, (value, i) => [
    market.closeTimes[range.from + i]!,
    value - 1,
    falls[i] === 0 ? 0 : -falls[i]!,
  ]) as [number, number, number][];
  return {
    horizon: HORIZONS[horizon]!,
    trades: trades.length,
    won: trades.length === 0 ? 0 : trades.filter((trade) => trade.return > 0).length / trades.length,
    total: equity.at(-1)! - 1,
    cost: trades.reduce((sum, { cost }) => sum + cost, 0),
    drawdown: falls.reduce((deepest, fall) => Math.max(deepest, fall), 0),
    quotedShare: market.quotedShare,
    points: points.filter((_, i) => (points.length - 1 - i) % step === 0),
  };
}
