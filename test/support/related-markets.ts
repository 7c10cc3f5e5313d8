import type { Bar } from '../../actors/market/bar.js';
import { Random } from '../../engine/learning/random.js';
import { MONDAY } from './markets.js';

const HOUR = 3_600_000;

/** How a market's return follows another's: `lag` bars later, with a weight, beside noise of its own. */
interface Follows {
  readonly market: string;
  readonly lag: number;
  readonly weight: number;
}

/** Markets with known relations, in an order in which each follows only those before it. */
export const PLANTED: Readonly<Record<string, Follows | undefined>> = {
  EURUSD: undefined,
  GBPUSD: { market: 'EURUSD', lag: 0, weight: 0.8 },
  USDCHF: { market: 'EURUSD', lag: 0, weight: -0.7 },
  AUDUSD: { market: 'EURUSD', lag: 2, weight: 0.6 },
  NZDUSD: { market: 'AUDUSD', lag: 1, weight: 0.7 },
  USDJPY: undefined,
  XAUUSD: { market: 'USDJPY', lag: 3, weight: -0.6 },
};

/** A standard normal number (Box and Muller 1958). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Hourly bars of the planted markets. */
export function relatedMarkets(count: number, seed = 11): ReadonlyMap<string, readonly Bar[]> {
  const random = new Random(seed);
  const moves = new Map<string, number[]>();
  const markets = new Map<string, readonly Bar[]>();
  for (const [symbol, follows] of Object.entries(PLANTED)) {
    const own = Array.from({ length: count }, (_, i) => {
      if (follows === undefined) return normal(random);
      const { market, lag, weight } = follows;
      return weight * (moves.get(market)![i - lag] ?? 0) + Math.sqrt(1 - weight ** 2) * normal(random);
    });
    moves.set(symbol, own);
    let price = 1.1;
    markets.set(
      symbol,
      own.map((move, i): Bar => {
        const open = price;
        price = open * Math.exp(0.0008 * move);
        const [high, low] = [Math.max(open, price) * 1.0001, Math.min(open, price) * 0.9999];
        return {
          openTime: MONDAY + i * HOUR,
          open,
          high,
          low,
          close: price,
          volume: NaN,
          tickCount: NaN,
          bid: price,
          ask: price * 1.00005,
        };
      }),
    );
  }
  return markets;
}
