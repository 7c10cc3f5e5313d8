import type { Bar } from '../../actors/market/bar.js';
import type { BarGrid } from '../../actors/market/bar-grid.js';
import type { PriceBasis } from '../../actors/market/quote.js';

/** What trading costs, beyond what the data say. Basis points (1/10,000) of the price. */
export interface Costs {
  /** Spread of bars that have no quotes. */
  readonly spreadBps: number;
  /** Of the traded value, on each side. */
  readonly commissionBps: number;
  /** By how much a fill is worse than the quote, on each side. */
  readonly slippageBps: number;
}

export const DEFAULT_COSTS: Costs = { spreadBps: 1, commissionBps: 0.35, slippageBps: 0.1 };

/** Bars as a backtest needs them: one number a bar. */
export interface Market {
  readonly bars: number;
  readonly openTimes: Float64Array;
  readonly closeTimes: Float64Array;
  /** Bid at the open and at the close. */
  readonly bidOpens: Float64Array;
  readonly bidCloses: Float64Array;
  /**
   * Spread of a fill at the open: the wider of the quotes at the close before and at the close of the bar itself. An open
   * has no quote of its own, and the first one after a weekend is wide.
   */
  readonly openSpreads: Float64Array;
  readonly closeSpreads: Float64Array;
  /** Share of bars whose spread is the data's. */
  readonly quotedShare: number;
}

const BELOW: Readonly<Record<PriceBasis, number>> = { bid: 0, mid: 0.5, ask: 1 };

/** Lays out bars, whose prices are bids, mids or asks. */
export function marketOf(bars: readonly Bar[], grid: BarGrid, basis: PriceBasis, costs: Costs): Market {
  const n = bars.length;
  const closeSpreads = new Float64Array(n);
  let quoted = 0;
  bars.forEach(({ ask, bid, close }, i) => {
    const spread = ask - bid;
    const isKnown = spread >= 0;
    if (isKnown) quoted++;
    closeSpreads[i] = isKnown ? spread : (close * costs.spreadBps) / 10_000;
  });
  const openSpreads = Float64Array.from(closeSpreads, (spread, i) =>
    Math.max(spread, closeSpreads[Math.max(0, i - 1)]!),
  );
  return {
    bars: n,
    openTimes: Float64Array.from(bars, ({ openTime }) => openTime),
    closeTimes: Float64Array.from(bars, ({ openTime }) => grid.closeOf(openTime)),
    bidOpens: Float64Array.from(bars, ({ open }, i) => open - BELOW[basis] * openSpreads[i]!),
    bidCloses: Float64Array.from(bars, ({ close }, i) => close - BELOW[basis] * closeSpreads[i]!),
    openSpreads,
    closeSpreads,
    quotedShare: n === 0 ? 0 : quoted / n,
  };
}
