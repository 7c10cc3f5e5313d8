import type { ClickHouseClient } from '@clickhouse/client';
import type { Bar } from '../../actors/market/bar.js';
import { SYSTEM_CLOCK, turnOf } from '../clock.js';
import { SuhoError, messageOf } from '../errors.js';
import type { PredictionArchive } from '../prediction-store/archive.js';
import type { ArchivedPrediction } from '../prediction-store/expired-predictions.js';
import { ClickHouseOverview } from './clickhouse-overview.js';
import { askFailure, insertFailure, queryFailure } from './clickhouse-failure.js';
import { ownQuery } from './own-query.js';
import { checkQuery, limited, ofTenant, type Reach } from './read-only-query.js';
import type {
  DayQuality,
  FeatureStore,
  IdentifiedRow,
  LabelBalance,
  Replacement,
  SeriesIdentity,
} from './feature-store.js';
import { HISTORY, encodePredictions, historySchema } from './prediction-history.js';
import { FIRST_TIME, LAST_TIME, blocksOf } from './row-blocks.js';
import { ClickHouseReplacements } from './replacements.js';
import { OF_SERIES, seriesParameters } from './series-filter.js';
import { COMMON_COLUMNS, TABLES, TABLE_NAMES, encodeRows, featureSchema } from './table.js';

/** Rows of one segment at most: ~20 MB, and one insert. */
const SEGMENT_ROWS = 10_000;
/** How long a person's query may take. */
const ASK_SECONDS_MAX = 60;
/** Rows encoded before the event loop has a turn: a few milliseconds. */
const ENCODED_AT_ONCE = 500;

/**
 * Rows go in as they are: they come in order and each once, and a row that comes again replaces the one before when
 * it is read or merged. Sorting and replacing them on the way in costs a tenth of an insert.
 */
export const INSERT_SETTINGS = { optimize_on_insert: 0 } as const;

/** How statements and RowBinary bytes get to a ClickHouse and back. */
export interface ClickHouseTransport {
  readonly client: ClickHouseClient;
  /** For users' queries, whose settings stay with an embedded connection: one that was read-only once takes no insert again. */
  readonly reader: ClickHouseClient;
  insert(table: string, columns: string, structure: string, rows: Uint8Array): Promise<void>;
  /** Runs a SELECT and returns its rows as RowBinary. */
  select(
    query: string,
    structure: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** `ml_features` and `aggregates` in ClickHouse, in this process or over HTTP, through ClickHouse's own client. */
export class ClickHouseFeatureStore implements FeatureStore, PredictionArchive {
  readonly #transport: ClickHouseTransport;
  readonly #client: ClickHouseClient;
  readonly #replacements: ClickHouseReplacements;
  readonly #overview: ClickHouseOverview;

  constructor(transport: ClickHouseTransport) {
    this.#transport = transport;
    this.#client = transport.client;
    this.#replacements = new ClickHouseReplacements(transport.client);
    this.#overview = new ClickHouseOverview(transport.client);
  }

  async prepare(): Promise<void> {
    const statements = [featureSchema(), historySchema()]
      .join('\n')
      .replaceAll(/^--.*$/gm, '')
      .split(';')
      .map((statement) => statement.trim())
      .filter((statement) => statement !== '');
    for (const query of statements) await this.#client.command({ query });
  }

  /** Whether the tables are there, with the columns of this version's catalogue. */
  async schemaState(): Promise<'applied' | 'missing' | 'of another catalogue'> {
    const found = await this.sql(
      `SELECT table, name FROM system.columns WHERE database = currentDatabase() AND table IN (${TABLE_NAMES.map((name) => `'${name}'`).join(', ')})`,
    );
    if (new Set(found.map(({ table }) => table)).size < TABLE_NAMES.length) return 'missing';
    const names = new Set(found.filter(({ table }) => table === 'ml_features').map(({ name }) => name));
    const wanted = COMMON_COLUMNS.columns.split(',').map((column) => column.trim());
    return wanted.every((column) => names.has(column)) ? 'applied' : 'of another catalogue';
  }

  async write(rows: readonly IdentifiedRow[]): Promise<void> {
    for (let from = 0; from < rows.length; from += SEGMENT_ROWS) {
      const segment = rows.slice(from, from + SEGMENT_ROWS);
      const encoded: ReturnType<typeof encodeForStore>[] = [];
      for (let i = 0; i < segment.length; i += ENCODED_AT_ONCE) {
        encoded.push(encodeForStore(segment.slice(i, i + ENCODED_AT_ONCE)));
        await turnOf(SYSTEM_CLOCK);
      }
      await this.insert('ml_features', Buffer.concat(encoded.map(({ features }) => features)));
      await this.insert('aggregates', Buffer.concat(encoded.map(({ bars }) => bars)));
    }
  }

  async insert(table: keyof typeof TABLES, rows: Uint8Array): Promise<void> {
    const { columns, structure } = TABLES[table];
    try {
      for (const block of blocksOf(table, rows))
        await this.#transport.insert(table, columns, structure, block);
    } catch (error) {
      throw insertFailure(error);
    }
  }

  async archive(predictions: readonly ArchivedPrediction[]): Promise<void> {
    const rows = await encodePredictions(predictions);
    try {
      await this.#transport.insert(HISTORY.table, HISTORY.columns, HISTORY.structure, rows);
    } catch (error) {
      throw insertFailure(error);
    }
  }

  async bars(series: SeriesIdentity, through: number, limit: number): Promise<Bar[]> {
    const newestFirst = await this.#bars(
      series,
      `bar_close_time <= fromUnixTimestamp64Milli({time:Int64}) ORDER BY bar_open_time DESC`,
      through,
      limit,
    );
    return newestFirst.reverse();
  }

  async barsAfter(series: SeriesIdentity, after: number, limit: number): Promise<Bar[]> {
    const where = `bar_open_time > fromUnixTimestamp64Milli({time:Int64}) ORDER BY bar_open_time`;
    return await this.#bars(series, where, Math.max(after, -1), limit);
  }

  async #bars(series: SeriesIdentity, where: string, time: number, limit: number): Promise<Bar[]> {
    const rows = await ownQuery<(number | null)[]>(
      this.#client,
      `SELECT toUnixTimestamp64Milli(bar_open_time) AS t, bar_open AS o, bar_high AS h, bar_low AS l,
                bar_close AS c, bar_volume AS v, bar_tick_count AS n, bar_bid AS b, bar_ask AS a
              FROM aggregates FINAL
              WHERE ${OF_SERIES}
                AND ${where} LIMIT {limit:UInt32}`,
      {
        ...seriesParameters(series),
        time: Math.min(time, LAST_TIME),
        limit,
      },
    );
    const number = (x: number | null | undefined): number => x ?? NaN;
    return rows.map((row) => ({
      openTime: number(row[0]),
      open: number(row[1]),
      high: number(row[2]),
      low: number(row[3]),
      close: number(row[4]),
      volume: number(row[5]),
      tickCount: number(row[6]),
      bid: number(row[7]),
      ask: number(row[8]),
    }));
  }

  async rows(series: SeriesIdentity, from: number, to: number, limit: number): Promise<Uint8Array> {
    const { columns, structure } = COMMON_COLUMNS;
    try {
      return await this.#transport.select(
        `SELECT ${columns} FROM ml_features FINAL
       WHERE ${OF_SERIES}
         AND bar_open_time >= fromUnixTimestamp64Milli({from:Int64})
         AND bar_open_time < fromUnixTimestamp64Milli({to:Int64})
       ORDER BY bar_open_time LIMIT {limit:UInt32}`,
        structure,
        {
          ...seriesParameters(series),
          from: Math.max(FIRST_TIME, from),
          to: Math.min(to, LAST_TIME),
          limit,
        },
      );
    } catch (error) {
      throw queryFailure(error);
    }
  }

  async columns(
    series: SeriesIdentity,
    names: readonly string[],
    from: number,
    through: number,
  ): Promise<ReadonlyMap<number, Readonly<Record<string, number>>>> {
    const rows = await ownQuery<(number | null)[]>(
      this.#client,
      `SELECT toUnixTimestamp64Milli(bar_close_time) AS t, ${names.join(', ')}
              FROM ml_features FINAL
              WHERE ${OF_SERIES}
                AND bar_close_time >= fromUnixTimestamp64Milli({from:Int64})
                AND bar_close_time <= fromUnixTimestamp64Milli({through:Int64})`,
      { ...seriesParameters(series), from, through },
    );
    return new Map(
      rows.map(([time, ...values]) => [
        time!,
        Object.fromEntries(names.flatMap((name, i) => (values[i] == null ? [] : [[name, values[i]]]))),
      ]),
    );
  }

  async extraColumns(series: SeriesIdentity): Promise<readonly string[]> {
    const rows = await ownQuery<[string]>(
      this.#client,
      `SELECT DISTINCT arrayJoin(mapKeys(extras)) AS name FROM ml_features
              WHERE ${OF_SERIES}
              ORDER BY name`,
      seriesParameters(series),
    );
    return rows.map(([name]) => name);
  }

  async extras(
    series: SeriesIdentity,
    from: number,
    to: number,
  ): Promise<ReadonlyMap<number, Readonly<Record<string, number>>>> {
    const rows = await ownQuery<[number, Record<string, number | null>]>(
      this.#client,
      `SELECT toUnixTimestamp64Milli(bar_open_time) AS t, extras FROM ml_features FINAL
              WHERE ${OF_SERIES} AND notEmpty(extras)
                AND bar_open_time >= fromUnixTimestamp64Milli({from:Int64})
                AND bar_open_time < fromUnixTimestamp64Milli({to:Int64})
              ORDER BY bar_open_time`,
      {
        ...seriesParameters(series),
        from: Math.max(FIRST_TIME, from),
        to: Math.min(to, LAST_TIME),
      },
    );
    // JSON has the shortest decimals of a Float32.
    const known = (x: number | null): number => Math.fround(x ?? NaN);
    return new Map(
      rows.map(([time, extras]) => [
        time,
        Object.fromEntries(Object.entries(extras).map(([name, x]) => [name, known(x)])),
      ]),
    );
  }

  async days(
    series: SeriesIdentity,
    from: number,
    to: number,
    limit: number,
  ): Promise<readonly DayQuality[]> {
    return await this.#overview.days(series, from, to, limit);
  }

  async labelBalance(series: SeriesIdentity): Promise<readonly LabelBalance[]> {
    return await this.#overview.labelBalance(series);
  }

  async beginReplacement(
    series: SeriesIdentity,
    span: { readonly from: number; readonly to: number },
  ): Promise<void> {
    await this.#replacements.beginReplacement(series, span);
  }

  async endReplacement(series: SeriesIdentity): Promise<void> {
    await this.#replacements.endReplacement(series);
  }

  async lastReplacement(series: SeriesIdentity): Promise<Replacement | undefined> {
    return await this.#replacements.lastReplacement(series);
  }

  async replacementsSince(at: number): Promise<readonly Replacement[]> {
    return await this.#replacements.replacementsSince(at);
  }

  async sql(query: string, tenantId?: string, rowsMax?: number): Promise<readonly Record<string, unknown>[]> {
    try {
      // ClickHouse's own parser reads it first, so that what is checked is what runs: one statement, no comments.
      const [asked] = await this.#ask<{
        query: string;
        functions: string[];
        databases: string[];
        current: string;
      }>(
        `SELECT formatQuerySingleLine({text:String}) AS query, currentDatabase() AS current,
                (SELECT groupArray(name) FROM system.table_functions) AS functions,
                (SELECT groupArray(name) FROM system.databases) AS databases`,
        { text: query },
      );
      const { query: parsed, functions, databases, current } = asked!;
      const reach: Reach = { tableFunctions: functions, databases };
      checkQuery(parsed, reach);
      return tenantId === undefined
        ? await this.#ask(limited(parsed, rowsMax), {})
        : await this.#ask(ofTenant(limited(parsed, rowsMax), tenantId, reach), {
            tenant: tenantId,
            database: current,
          });
    } catch (error) {
      throw askFailure(error);
    }
  }

  /** Runs a query that can change nothing. */
  async #ask<T = Record<string, unknown>>(
    query: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<T[]> {
    const result = await this.#transport.reader.query({
      query,
      query_params: parameters,
      format: 'JSONEachRow',
      // After readonly no other setting is taken, so it comes last.
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 0,
        final: 1,
        max_execution_time: ASK_SECONDS_MAX,
        readonly: '1',
      },
    });
    return await result.json<T>();
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}

/** Rows as RowBinary. Throws `RECORD_REFUSED` for one that cannot be written so. */
function encodeForStore(rows: readonly IdentifiedRow[]): ReturnType<typeof encodeRows> {
  try {
    return encodeRows(rows);
  } catch (error) {
    throw new SuhoError('RECORD_REFUSED', messageOf(error), { cause: error });
  }
}
