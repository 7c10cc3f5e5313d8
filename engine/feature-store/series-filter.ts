import { gridName } from '../../actors/market/bar-grid.js';
import type { SeriesIdentity } from './feature-store.js';

/** Picks the rows of one series; its values are {@link seriesParameters}. */
export const OF_SERIES =
  'tenant_id = {tenant:String} AND user_id = {user:String} AND feed = {feed:String} AND symbol = {symbol:String} AND timeframe = {timeframe:String}';

export function seriesParameters(series: SeriesIdentity): Readonly<Record<string, string>> {
  const { tenantId, userId = '', feed, symbol } = series;
  return { tenant: tenantId, user: userId, feed, symbol, timeframe: gridName(series) };
}
