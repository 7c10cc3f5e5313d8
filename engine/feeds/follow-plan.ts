import { TIMEFRAMES, type Timeframe } from '../../actors/market/timeframe.js';
import type { Config } from '../config.js';
import { POLYGON_BASE, POLYGON_FEED } from './polygon/polygon-feed.js';

/** One series that a tenant has signals for, with the timeframe its feed and symbol come in. */
export interface Following {
  readonly feed: string;
  readonly symbol: string;
  readonly base: Timeframe;
  readonly tenantId: string;
  readonly timeframe: Timeframe;
}

/**
 * What the configured tenants follow. The base of a feed and symbol is the shortest timeframe that anyone follows
 * of it, so that the order of tenants and of their series means nothing; Polygon's comes in minutes.
 */
export function followPlan(tenants: Config['tenants']): Following[] {
  const followed = tenants.flatMap(({ id, series }) =>
    series.map(({ feed, symbol, timeframe }) => ({ feed, symbol, timeframe, tenantId: id })),
  );
  const bases = new Map<string, Timeframe>();
  for (const { feed, symbol, timeframe } of followed) {
    const key = `${feed}/${symbol}`;
    const base = bases.get(key);
    if (base === undefined || TIMEFRAMES.indexOf(timeframe) < TIMEFRAMES.indexOf(base))
      bases.set(key, timeframe);
  }
  return followed.map((one) => ({
    ...one,
    base: one.feed === POLYGON_FEED ? POLYGON_BASE : bases.get(`${one.feed}/${one.symbol}`)!,
  }));
}
