import type { ClickHouseClient } from '@clickhouse/client';
import { readGridName } from '../../actors/market/bar-grid.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { queryFailure } from './clickhouse-failure.js';
import type { Replacement, ReplacementStore, SeriesIdentity } from './feature-store.js';
import { ownQuery } from './own-query.js';
import { FIRST_TIME, LAST_TIME } from './row-blocks.js';
import { OF_SERIES, seriesParameters } from './series-filter.js';

const TIME = (name: string): string => `fromUnixTimestamp64Milli({${name}:Int64})`;
/** A removal is over when every replica of a server has it. */
const REMOVAL_SETTINGS = { mutations_sync: '2', lightweight_deletes_sync: '2' } as const;

/**
 * Rows that may change when bars from a time on do: theirs and later ones, and earlier ones whose labels were known
 * only at that time or are not known yet.
 */
const FOLLOWS = [
  `bar_open_time >= ${TIME('from')}`,
  `labels_known < ${HORIZONS.length}`,
  ...HORIZONS.map((horizon) => `label_resolved_at_${horizon} >= {from:Int64}`),
].join(' OR ');

/**
 * History that is replaced, in ClickHouse. Rows are removed in every version before others are stored: the version
 * with the most labels wins, so an old row with more labels than the corrected one would come back.
 */
export class ClickHouseReplacements implements ReplacementStore {
  readonly #client: ClickHouseClient;

  constructor(client: ClickHouseClient) {
    this.#client = client;
  }

  async beginReplacement(
    series: SeriesIdentity,
    span: { readonly from: number; readonly to: number },
  ): Promise<void> {
    const from = Math.max(span.from, FIRST_TIME);
    const to = Math.min(span.to, LAST_TIME);
    const parameters = { ...seriesParameters(series), from, to };
    await this.#command(
      `INSERT INTO replacements (tenant_id, user_id, feed, symbol, timeframe, bars_from, bars_to)
       SELECT {tenant:String}, {user:String}, {feed:String}, {symbol:String}, {timeframe:String},
              ${TIME('from')}, ${TIME('to')}`,
      parameters,
    );
    const [first] = await ownQuery<[number, number]>(
      this.#client,
      `SELECT toUnixTimestamp64Milli(min(bar_open_time)), count() FROM ml_features FINAL
       WHERE ${OF_SERIES} AND (${FOLLOWS})`,
      parameters,
    );
    if (first !== undefined && first[1] > 0)
      await this.#command(
        `DELETE FROM ml_features WHERE ${OF_SERIES} AND bar_open_time >= ${TIME('first')}`,
        {
          ...parameters,
          first: first[0],
        },
      );
    await this.#command(
      `DELETE FROM aggregates
       WHERE ${OF_SERIES} AND bar_open_time >= ${TIME('from')} AND bar_open_time < ${TIME('to')}`,
      parameters,
    );
  }

  async endReplacement(series: SeriesIdentity): Promise<void> {
    const key = 'tenant_id, user_id, feed, symbol, timeframe, replaced_at, bars_from, bars_to';
    await this.#command(
      `INSERT INTO replacements (${key}, is_done)
       SELECT ${key}, 1 FROM replacements FINAL WHERE ${OF_SERIES} AND is_done = 0`,
      seriesParameters(series),
    );
  }

  async lastReplacement(series: SeriesIdentity): Promise<Replacement | undefined> {
    const [last] = await this.#replacements(
      `${OF_SERIES} ORDER BY replaced_at DESC LIMIT 1`,
      seriesParameters(series),
    );
    return last;
  }

  async replacementsSince(at: number): Promise<readonly Replacement[]> {
    return await this.#replacements(`replaced_at > ${TIME('at')} ORDER BY replaced_at`, { at });
  }

  async #replacements(where: string, parameters: Readonly<Record<string, unknown>>): Promise<Replacement[]> {
    const rows = await ownQuery<[string, string, string, string, string, number, number, number, number]>(
      this.#client,
      `SELECT tenant_id, user_id, feed, symbol, timeframe, toUnixTimestamp64Milli(replaced_at),
              toUnixTimestamp64Milli(bars_from), toUnixTimestamp64Milli(bars_to), is_done
       FROM replacements FINAL WHERE ${where}`,
      parameters,
    );
    return rows.map(([tenantId, userId, feed, symbol, grid, at, from, to, isDone]) => ({
      series: { tenantId, ...(userId === '' ? {} : { userId }), feed, symbol, ...readGridName(grid) },
      at,
      from,
      to,
      isDone: isDone === 1,
    }));
  }

  async #command(query: string, parameters: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      const settings = query.startsWith('DELETE') ? REMOVAL_SETTINGS : {};
      await this.#client.command({ query, query_params: parameters, clickhouse_settings: settings });
    } catch (error) {
      throw queryFailure(error);
    }
  }
}
