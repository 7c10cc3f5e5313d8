import type { Timeframe } from '../../actors/market/timeframe.js';
import type { Engine } from '../engine.js';

/** Feed that what a tenant publishes itself goes to, over gRPC or NATS. */
export const PUBLISHED_FEED = 'published';

/**
 * Makes sure that a tenant's published symbol is followed, with signals on some timeframes (the base one when
 * none is named); returns its group.
 */
export async function followPublished(
  engine: Engine,
  tenantId: string,
  symbol: string,
  base: Timeframe,
  timeframes: readonly Timeframe[],
): Promise<string> {
  let group = '';
  for (const timeframe of timeframes.length === 0 ? [base] : timeframes) {
    group = await engine.instruments.follow({ feed: PUBLISHED_FEED, owner: tenantId, symbol, base, tenantId, timeframe });
  }
  return group;
}
