import { CATALOGUE, FEATURE_COUNT, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { HORIZONS, type Label } from '../../actors/features/labels.js';
import { LABEL_NUMBERS } from '../journal/records.js';
import type { Bar } from '../../actors/market/bar.js';
import { gridName } from '../../actors/market/bar-grid.js';
import { SuhoError } from '../errors.js';
import type { ExtraIndicators } from './extra-indicators.js';
import type { IdentifiedRow, SeriesIdentity } from './feature-store.js';
import { HISTORY } from './prediction-history.js';

/** A column of `ml_features`: its name and ClickHouse type as it travels in RowBinary. */
interface Column {
  readonly name: string;
  readonly type: string;
  /** Type and codec in the table, where they differ from the wire's. */
  readonly stored: string;
}

/*
 * Codecs by measured size, bytes a row over BTCUSD 1m and GBPUSD 1h (30,000 rows of each): the 45 price levels
 * take 83 with FPC and 127 with ZSTD alone (Delta 92, Gorilla 103); everything else differs by less than a
 * twentieth, so it takes the one that is read twice as fast. Four raw prices take 14.8 with ZSTD and 15.8 with
 * Gorilla; a label's time 2.3 with Gorilla and 2.5 with ZSTD.
 */
const RAW_PRICE = 'Float64 CODEC(ZSTD(1))';
const LABEL = 'Float64 CODEC(Gorilla, ZSTD(1))';
const PRICE_LEVEL = 'Float32 CODEC(FPC, ZSTD(1))';
const OTHER = 'Float32 CODEC(ZSTD(1))';
const TIME = "DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))";

/** Names of the label columns, in the order a row keeps its label numbers. */
export const LABEL_COLUMNS: readonly string[] = HORIZONS.flatMap((horizon) =>
  ['direction', 'return', 'max_gain', 'max_loss', 'barrier', 'resolved_at'].map(
    (name) => `label_${name}_${horizon}`,
  ),
);

const KEY: readonly Column[] = [
  { name: 'tenant_id', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'user_id', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'feed', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'symbol', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'timeframe', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'bar_open_time', type: "DateTime64(3, 'UTC')", stored: TIME },
  { name: 'bar_close_time', type: "DateTime64(3, 'UTC')", stored: TIME },
];

const RAW = ['open', 'high', 'low', 'close', 'volume', 'tick_count', 'bid', 'ask'];
const BAR: readonly Column[] = RAW.map((name) => ({
  name: `bar_${name}`,
  type: 'Float64',
  stored: RAW_PRICE,
}));
const QUALITY: readonly Column[] = [
  { name: 'quality_flags', type: 'UInt16', stored: 'UInt16 CODEC(ZSTD(1))' },
  { name: 'labels_known', type: 'UInt8', stored: 'UInt8' },
];
const LABELS: readonly Column[] = LABEL_COLUMNS.map((name) => ({ name, type: 'Float64', stored: LABEL }));
const FEATURES: readonly Column[] = CATALOGUE.map(({ name, form }) => ({
  name,
  type: 'Float32',
  stored: form === 'price' ? PRICE_LEVEL : OTHER,
}));

/** What every row has, always of the same length in RowBinary for a series. */
const COMMON: readonly Column[] = [...KEY, ...BAR, ...QUALITY, ...LABELS, ...FEATURES];
const EXTRAS: readonly Column[] = [
  { name: 'feature_set_version', type: 'String', stored: 'LowCardinality(String)' },
  {
    name: 'extras',
    type: 'Map(String, Float32)',
    stored: 'Map(LowCardinality(String), Float32) CODEC(ZSTD(1))',
  },
];
const COLUMNS: readonly Column[] = [...COMMON, ...EXTRAS];

const names = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');

const structure = (columns: readonly Column[]): string =>
  columns.map(({ name, type }) => `${name} ${type}`).join(', ');

/** The tables, each with the columns and the structure of the RowBinary it takes. */
export const TABLES = {
  ml_features: { columns: names(COLUMNS), structure: structure(COLUMNS) },
  aggregates: { columns: names([...KEY, ...BAR]), structure: structure([...KEY, ...BAR]) },
} as const;

/** All tables there are. */
export const TABLE_NAMES: readonly string[] = [...Object.keys(TABLES), 'replacements', HISTORY.table];

/** The columns {@link RowDecoder} reads, and their structure. */
export const COMMON_COLUMNS = { columns: names(COMMON), structure: structure(COMMON) };

/** The schema as one SQL file, which says itself why it is laid out so. */
export function featureSchema(): string {
  const table = (name: string, columns: readonly Column[], period: string, version: string): string =>
    [
      `CREATE TABLE IF NOT EXISTS ${name}`,
      '(',
      [
        ...columns.map(({ name: column, stored }) => `    ${column} ${stored}`),
        `    stored_at DateTime DEFAULT now()`,
      ].join(',\n'),
      ')',
      `ENGINE = ReplacingMergeTree(${version})`,
      `PARTITION BY ${period}(bar_open_time)`,
      'ORDER BY (tenant_id, user_id, feed, symbol, timeframe, bar_open_time)',
      'TTL stored_at + INTERVAL 3650 DAY',
      'SETTINGS min_bytes_for_wide_part = 16777216, compress_per_column_in_compact_parts = 0,',
      '    ratio_of_defaults_for_sparse_serialization = 1;',
    ].join('\n');
  return `-- Features, labels and raw bars. Generated from the feature catalogue; do not edit.
--
-- Partitioned by month only (raw bars, thirty bytes a row, by year), with tenant and symbol leading the sort key:
-- ClickHouse wants fewer than a thousand partitions and refuses a block that spans more than a hundred. By tenant
-- and symbol as well, ten tenants with twenty symbols over ten years would make 24,000.
--
-- Kept for ten years (3,650 days) from when a row was stored, not from its bar: history older than ten years
-- can be loaded, and would otherwise be gone as it arrives.
--
-- Parts below 16 MB, which an insert makes, are compact (one file, not one a column), their columns compressed
-- together, and no column is sparse: three hundred columns go in more than twice as fast. Larger ones are wide.
--
-- A row is written again when labels become known; the one with the most labels wins. Read with FINAL (or
-- SET final = 1) to see each row once.

-- A tenant with indicators of its own has its own rows, also of shared feeds, with those values in extras and
-- the feature-set version that names them.
--
-- user_id is empty for a series of the whole tenant.
--
-- timeframe names the calendar too where the bars depend on one other than UTC's: 1d@fx for days from 17:00 New York.

-- The raw closed bars of every series, one row a bar, as the feed gave them or as they were built from quotes; nothing
-- is aggregated further. What backfill, training and recovery read.
${table('aggregates', [...KEY, ...BAR], 'toYear', 'bar_close_time')}

-- One row a closed bar: the raw bar, ${FEATURE_COUNT} features, ${LABEL_NUMBERS} label columns, quality. NaN is "not known".
${table('ml_features', COLUMNS, 'toYYYYMM', 'labels_known')}

-- When stored bars of a series were replaced (suho backfill --replace), and whether what follows from them is stored again.
CREATE TABLE IF NOT EXISTS replacements
(
    tenant_id LowCardinality(String),
    user_id LowCardinality(String),
    feed LowCardinality(String),
    symbol LowCardinality(String),
    timeframe LowCardinality(String),
    replaced_at DateTime64(3, 'UTC') DEFAULT now64(3),
    bars_from DateTime64(3, 'UTC'),
    bars_to DateTime64(3, 'UTC'),
    is_done UInt8
)
ENGINE = ReplacingMergeTree(is_done)
ORDER BY (tenant_id, user_id, feed, symbol, timeframe, replaced_at);
`;
}

/** Longest tenant, user, feed or symbol, so that its length is one byte in RowBinary. */
const NAME_BYTES_MAX = 127;
/** Bytes in RowBinary of quality and labels, and of a bar's times and numbers. */
export const LABELS_KNOWN_BYTES = 2 + 1 + LABEL_NUMBERS * 8;
export const BAR_BYTES = 8 + 8 + RAW.length * 8;

const UNKNOWN_LABELS = new Uint8Array(new Float64Array(LABEL_NUMBERS).fill(NaN).buffer);
const LABEL_COLUMNS_EACH = LABEL_NUMBERS / HORIZONS.length;

/** Writes rows of one series as RowBinary. Every row of a series has the same length. */
export class RowEncoder {
  /** Bytes of a row of `ml_features` (and of its part that every row has) and of one of `aggregates`. */
  readonly featureBytes: number;
  readonly commonBytes: number;
  readonly barBytes: number;
  readonly #prefix: Buffer;
  readonly #numbers = new Float64Array(RAW.length);
  readonly #numberBytes = new Uint8Array(this.#numbers.buffer);
  readonly #label = new Float64Array(LABEL_COLUMNS_EACH);
  readonly #labelBytes = new Uint8Array(this.#label.buffer);
  readonly #values = new Float32Array(FEATURE_COUNT);
  readonly #valueBytes = new Uint8Array(this.#values.buffer);

  readonly #version: Buffer;
  readonly #extraNames: readonly Buffer[];

  /** `extras` are the further columns of a tenant's rows. */
  constructor(series: SeriesIdentity, extras?: ExtraIndicators) {
    const key = [series.tenantId, series.userId ?? '', series.feed, series.symbol, gridName(series)];
    this.#prefix = Buffer.concat(key.map(shortString));
    this.barBytes = this.#prefix.length + BAR_BYTES;
    this.commonBytes = this.barBytes + LABELS_KNOWN_BYTES + FEATURE_COUNT * 4;
    this.#version = shortString(extras?.version ?? FEATURE_SET_VERSION);
    this.#extraNames = (extras?.columns ?? []).map(shortString);
    const extraBytes = this.#extraNames.reduce((sum, name) => sum + name.length + 4, 1);
    this.featureBytes = this.commonBytes + this.#version.length + extraBytes;
  }

  /** Writes a row of `aggregates` at a byte of `out`. */
  writeBar(out: Buffer, at: number, bar: Bar, closeTime: number): void {
    out.set(this.#prefix, at);
    let next = at + this.#prefix.length;
    next = writeMilliseconds(out, bar.openTime, next);
    next = writeMilliseconds(out, closeTime, next);
    const numbers = this.#numbers;
    numbers[0] = bar.open;
    numbers[1] = bar.high;
    numbers[2] = bar.low;
    numbers[3] = bar.close;
    numbers[4] = bar.volume;
    numbers[5] = bar.tickCount;
    numbers[6] = bar.bid;
    numbers[7] = bar.ask;
    // Typed arrays are little-endian wherever Node runs.
    out.set(this.#numberBytes, next);
  }

  /** Writes a row of `ml_features` at a byte of `out`, no label known. */
  writeFeatures(
    out: Buffer,
    at: number,
    row: { bar: Bar; closeTime: number; qualityFlags: number; values: Float32Array | Float64Array },
    extras?: Float32Array,
  ): void {
    this.writeBar(out, at, row.bar, row.closeTime);
    let next = at + this.barBytes;
    next = out.writeUInt16LE(row.qualityFlags, next);
    out[next++] = 0;
    out.set(UNKNOWN_LABELS, next);
    const from = row.values;
    const values = this.#values;
    for (let i = 0; i < FEATURE_COUNT; i++) values[i] = from[i]!;
    out.set(this.#valueBytes, next + UNKNOWN_LABELS.byteLength);
    next = at + this.commonBytes;
    out.set(this.#version, next);
    next += this.#version.length;
    out[next++] = this.#extraNames.length;
    for (const [i, name] of this.#extraNames.entries()) {
      out.set(name, next);
      next = out.writeFloatLE(extras![i]!, next + name.length);
    }
  }

  /** Fills one horizon's label into a row of `ml_features` written at a byte of `out`. */
  writeLabel(
    out: Buffer,
    at: number,
    horizon: number,
    label: Readonly<Omit<Label, 'closeTime' | 'horizon'>>,
  ): void {
    const known = at + this.barBytes + 2;
    out[known] = out[known]! + 1;
    const numbers = this.#label;
    numbers[0] = label.direction;
    numbers[1] = label.return;
    numbers[2] = label.maxGain;
    numbers[3] = label.maxLoss;
    numbers[4] = label.barrier;
    numbers[5] = label.resolvedAt;
    out.set(this.#labelBytes, known + 1 + horizon * numbers.byteLength);
  }
}

/** A string of less than 128 bytes in RowBinary. */
function shortString(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > NAME_BYTES_MAX)
    throw new SuhoError('BAD_INPUT', `"${text}" is longer than ${NAME_BYTES_MAX} bytes.`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function writeMilliseconds(out: Buffer, time: number, at: number): number {
  const low = time >>> 0;
  out.writeUInt32LE(low, at);
  return out.writeInt32LE((time - low) / 0x1_0000_0000, at + 4);
}

/** Reads rows of one series: {@link COMMON_COLUMNS} as RowBinary. */
export class RowDecoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #encoder: RowEncoder;
  readonly #stride: number;

  /** `as` says whether the rows are as the store gives them or, without extras, as they are inserted. */
  constructor(series: SeriesIdentity, bytes: Uint8Array, as: 'stored' | 'inserted' = 'stored') {
    this.#encoder = new RowEncoder(series);
    this.#stride = as === 'stored' ? this.#encoder.commonBytes : this.#encoder.featureBytes;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get rows(): number {
    return this.#bytes.length / this.#stride;
  }

  /** The bytes of a row that every row has: what two rows are compared by. */
  bytes(row: number): Uint8Array {
    return this.#bytes.subarray(row * this.#stride, row * this.#stride + this.#encoder.commonBytes);
  }

  openTime(row: number): number {
    return Number(this.#view.getBigInt64(this.#numbersAt(row) - 16, true));
  }

  closeTime(row: number): number {
    return Number(this.#view.getBigInt64(this.#numbersAt(row) - 8, true));
  }

  qualityFlags(row: number): number {
    return this.#view.getUint16(this.#numbersAt(row) + RAW.length * 8, true);
  }

  /** A label number: 0 direction, 1 return, 2 gain, 3 loss, 4 barrier, 5 resolved at. */
  label(row: number, horizon: number, number: number): number {
    const at = this.#numbersAt(row) + RAW.length * 8 + 3;
    return this.#view.getFloat64(at + (horizon * LABEL_COLUMNS_EACH + number) * 8, true);
  }

  feature(row: number, column: number): number {
    const at = row * this.#stride + this.#encoder.commonBytes - FEATURE_COUNT * 4;
    return this.#view.getFloat32(at + column * 4, true);
  }

  #numbersAt(row: number): number {
    return row * this.#stride + this.#encoder.barBytes - RAW.length * 8;
  }
}

/** Writes rows of any series as RowBinary: `features` for `ml_features`, `bars` for `aggregates`. */
export function encodeRows(rows: readonly IdentifiedRow[]): { features: Buffer; bars: Buffer } {
  const encoders = new Map<string, RowEncoder>();
  const encoderOf = ({ series, extras }: IdentifiedRow): RowEncoder => {
    const { tenantId, userId, feed, symbol } = series;
    const key = `${tenantId}|${userId}|${feed}|${symbol}|${gridName(series)}|${extras?.indicators.version}`;
    let encoder = encoders.get(key);
    if (encoder === undefined) {
      encoder = new RowEncoder(series, extras?.indicators);
      encoders.set(key, encoder);
    }
    return encoder;
  };
  let featureBytes = 0;
  let barBytes = 0;
  for (const row of rows) {
    featureBytes += encoderOf(row).featureBytes;
    barBytes += encoderOf(row).barBytes;
  }
  const features = Buffer.allocUnsafe(featureBytes);
  const bars = Buffer.allocUnsafe(barBytes);
  let featureAt = 0;
  let barAt = 0;
  for (const identified of rows) {
    const { row } = identified;
    const encoder = encoderOf(identified);
    encoder.writeBar(bars, barAt, row.bar, row.closeTime);
    encoder.writeFeatures(features, featureAt, row, identified.extras?.values);
    for (let horizon = 0; horizon < HORIZONS.length; horizon++) {
      const [direction, change, maxGain, maxLoss, barrier, resolvedAt] = row.labels.subarray(
        horizon * LABEL_COLUMNS_EACH,
      ) as unknown as [number, number, number, number, number, number];
      if (!Number.isNaN(resolvedAt))
        encoder.writeLabel(features, featureAt, horizon, {
          direction,
          return: change,
          maxGain,
          maxLoss,
          barrier,
          resolvedAt,
        });
    }
    featureAt += encoder.featureBytes;
    barAt += encoder.barBytes;
  }
  return { features, bars };
}
