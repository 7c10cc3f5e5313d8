import { gridName } from '../../actors/market/bar-grid.js';
import type { QueryStoreResponse__Output as QueryStoreResponse } from '../api/generated/suho/v1/QueryStoreResponse.js';
import type { ReadFeatureRowsResponse__Output as ReadFeatureRowsResponse } from '../api/generated/suho/v1/ReadFeatureRowsResponse.js';
import { SuhoError } from '../errors.js';
import type { FeatureStore, SeriesIdentity } from '../feature-store/feature-store.js';
import { callUnary, connect } from './client.js';
import { withFeatureStore } from './store-session.js';

/** A query may take a minute. */
const QUERY_MS = 75_000;
/** Rows of one answer: 2.4 MB of features. */
const ROWS_AT_ONCE = 2_000;
const ANSWERED_MAX = 10_000;

/** What reading commands need of the store of features. */
export type FeatureReads = Pick<FeatureStore, 'rows' | 'extraColumns' | 'extras' | 'sql'>;

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads the feature store that the options name: opened here, or through the engine that runs on the data folder, as an
 * operator of it.
 */
export async function withFeatureReads<T>(
  given: { readonly config?: string; readonly data?: string; readonly address: string },
  job: (store: FeatureReads) => Promise<T>,
): Promise<T> {
  try {
    return await withFeatureStore(given, true, job);
  } catch (error) {
    if (!(error instanceof SuhoError && error.code === 'DATA_FOLDER_IN_USE')) throw error;
  }
  const client = connect(given.address, 'OperatorService');
  try {
    return await job(
      new EngineReads(
        async (method, request) => await callUnary(client, method, request, given.address, QUERY_MS),
      ),
    );
  } finally {
    client.close();
  }
}

/** {@link FeatureReads} through a running engine. */
class EngineReads implements FeatureReads {
  readonly #call: <Response>(method: string, request: object) => Promise<Response>;

  constructor(call: <Response>(method: string, request: object) => Promise<Response>) {
    this.#call = call;
  }

  async rows(series: SeriesIdentity, from: number, to: number, limit: number): Promise<Uint8Array> {
    const { tenantId, userId = '', feed, symbol } = series;
    const { rows } = await this.#call<ReadFeatureRowsResponse>('ReadFeatureRows', {
      tenant_id: tenantId,
      user_id: userId,
      feed,
      symbol,
      grid: gridName(series),
      from_time: Math.max(0, from),
      to_time: to,
      rows_max: Math.min(limit, ROWS_AT_ONCE),
    });
    return rows as Uint8Array;
  }

  async extraColumns(series: SeriesIdentity): Promise<readonly string[]> {
    const rows = await this.sql(
      `SELECT DISTINCT arrayJoin(mapKeys(extras)) AS name FROM ml_features WHERE ${ofSeries(series)} ORDER BY name`,
    );
    return rows.map((row) => String(row['name']));
  }

  async extras(
    series: SeriesIdentity,
    from: number,
    to: number,
  ): Promise<ReadonlyMap<number, Readonly<Record<string, number>>>> {
    const rows = await this.sql(
      `SELECT toUnixTimestamp64Milli(bar_open_time) AS t, extras FROM ml_features
       WHERE ${ofSeries(series)} AND notEmpty(extras)
         AND bar_open_time >= fromUnixTimestamp64Milli(${Math.max(0, from)})
         AND bar_open_time < fromUnixTimestamp64Milli(${to}) ORDER BY bar_open_time`,
    );
    return new Map(
      rows.map(({ t, extras }) => [
        Number(t),
        Object.fromEntries(
          // JSON has the shortest decimals of a Float32.
          Object.entries(extras as Record<string, number | null>).map(([name, x]) => [
            name,
            Math.fround(x ?? NaN),
          ]),
        ),
      ]),
    );
  }

  async sql(query: string, tenantId?: string): Promise<readonly Record<string, unknown>[]> {
    const { rows, truncated } = await this.#call<QueryStoreResponse>('QueryStore', {
      store: 'QUERIED_STORE_FEATURES',
      sql: query,
      tenant_id: tenantId ?? '',
      rows_max: ANSWERED_MAX,
    });
    if (truncated)
      process.stderr.write(
        `only the first ${rows.length} rows are shown: a running engine answers ${ANSWERED_MAX} rows or 3.5 MB at most\n`,
      );
    return rows.map((text) => JSON.parse(text) as Row);
  }
}

/** A condition that picks the rows of a series. */
function ofSeries(series: SeriesIdentity): string {
  const { tenantId, userId = '', feed, symbol } = series;
  const columns = { tenant_id: tenantId, user_id: userId, feed, symbol, timeframe: gridName(series) };
  return Object.entries(columns)
    .map(([column, text]) => `${column} = '${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
    .join(' AND ');
}
