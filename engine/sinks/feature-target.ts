import type { FeatureStore, IdentifiedRow } from '../feature-store/feature-store.js';
import { seriesIdentity } from '../instruments/ids.js';
import type { Journal } from '../journal/journal.js';
import type { StoredRow } from '../journal/records.js';
import type { Cache } from '../cache/cache.js';
import type { SinkTarget } from './sink.js';

/** Rows written at once at most: what ClickHouse takes well in one piece. */
const FEATURE_BATCH = 10_000;
/**
 * An insert of 300 columns costs 150 ms of CPU however few its rows are, at a time when other sinks and the models want the
 * same cores: gathered for two seconds, a bar at 500 a second cost ClickHouse 250 µs, and half of it so.
 */
const FEATURE_LINGER_MS = 5_000;
const CACHE_BATCH = 4_000;

function describe({ seriesId, closeTime }: StoredRow): { readonly key: string; readonly tenantId: string } {
  return { key: `${seriesId}|${closeTime}`, tenantId: seriesIdentity(seriesId).tenantId };
}

/** Rows to the feature store; `identified` says whose each is, and adds tenants' own columns. */
export function featureTarget(
  journal: Journal,
  features: Pick<FeatureStore, 'write'>,
  identified: (rows: readonly StoredRow[]) => Promise<readonly IdentifiedRow[]>,
): SinkTarget<StoredRow> {
  return {
    name: 'features',
    topic: 'rows',
    batch: FEATURE_BATCH,
    lingerMs: FEATURE_LINGER_MS,
    read: async (offset, limit) => await journal.rows.after(offset, limit),
    write: async (rows) => await features.write(await identified(rows)),
    describe,
  };
}

/** The newest row of each series to the cache. */
export function cachedRowTarget(journal: Journal, cache: Cache): SinkTarget<StoredRow> {
  return {
    name: 'cache-features',
    topic: 'rows',
    batch: CACHE_BATCH,
    lingerMs: 0,
    read: async (offset, limit) => await journal.rows.after(offset, limit),
    write: async (rows) =>
      await cache.putRows(rows.map((row) => ({ series: seriesIdentity(row.seriesId), row }))),
    describe,
  };
}
