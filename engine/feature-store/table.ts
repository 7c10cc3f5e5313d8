import { CATALOGUE, FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { LABEL_NUMBERS } from '../journal/records.js';
import type { IdentifiedRow } from './feature-store.js';

/** A column of `ml_features`: its name and ClickHouse type as it travels in RowBinary. */
interface Column {
  readonly name: string;
  readonly type: string;
  /** Type and codec in the table, where they differ from the wire's. */
  readonly stored: string;
}

const DOUBLE = 'Float64 CODEC(Gorilla, ZSTD(1))';
const TIME = "DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))";

/** Names of the label columns, in the order a row keeps its label numbers. */
const LABEL_COLUMNS: readonly string[] = HORIZONS.flatMap((horizon) =>
  ['direction', 'return', 'max_gain', 'max_loss', 'barrier', 'resolved_at'].map(
    (name) => `label_${name}_${horizon}`,
  ),
);

const KEY: readonly Column[] = [
  { name: 'tenant_id', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'feed', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'symbol', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'timeframe', type: 'String', stored: 'LowCardinality(String)' },
  { name: 'bar_open_time', type: "DateTime64(3, 'UTC')", stored: TIME },
  { name: 'bar_close_time', type: "DateTime64(3, 'UTC')", stored: TIME },
];

const RAW = ['open', 'high', 'low', 'close', 'volume', 'tick_count', 'bid', 'ask'];
const BAR: readonly Column[] = RAW.map((name) => ({ name: `bar_${name}`, type: 'Float64', stored: DOUBLE }));
const QUALITY: readonly Column[] = [
  { name: 'quality_flags', type: 'UInt16', stored: 'UInt16 CODEC(ZSTD(1))' },
  { name: 'labels_known', type: 'UInt8', stored: 'UInt8' },
];
const LABELS: readonly Column[] = LABEL_COLUMNS.map((name) => ({ name, type: 'Float64', stored: DOUBLE }));
const FEATURES: readonly Column[] = CATALOGUE.map(({ name }) => ({
  name,
  type: 'Float32',
  stored: 'Float32 CODEC(ZSTD(1))',
}));

const COLUMNS: readonly Column[] = [...KEY, ...BAR, ...QUALITY, ...LABELS, ...FEATURES];

const names = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');

/** The columns a segment holds, and those of them that `aggregates` keeps. */
export const SEGMENT_COLUMNS = names(COLUMNS);
export const AGGREGATE_COLUMNS = names([...KEY, ...BAR]);

/** The RowBinary structure of a segment. */
export const SEGMENT_STRUCTURE = COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ');

/**
 * The schema as one SQL file. Partitioned by month only: ClickHouse is at its best under a thousand
 * partitions and refuses a block that spans more than a hundred; ten tenants with twenty symbols over ten
 * years would be 24,000.
 */
export function featureSchema(): string {
  const table = (name: string, columns: readonly Column[], version: string): string =>
    [
      `CREATE TABLE IF NOT EXISTS ${name}`,
      '(',
      [
        ...columns.map(({ name: column, stored }) => `    ${column} ${stored}`),
        `    stored_at DateTime DEFAULT now()`,
      ].join(',\n'),
      ')',
      `ENGINE = ReplacingMergeTree(${version})`,
      'PARTITION BY toYYYYMM(bar_open_time)',
      'ORDER BY (tenant_id, feed, symbol, timeframe, bar_open_time)',
      'TTL stored_at + INTERVAL 3650 DAY;',
    ].join('\n');
  return `-- Features, labels and raw bars. Generated from the feature catalogue; do not edit.
--
-- Partitioned by month only, with tenant and symbol leading the sort key: ClickHouse wants fewer than a
-- thousand partitions and refuses a block that spans more than a hundred. By tenant and symbol as well, ten
-- tenants with twenty symbols over ten years would make 24,000.
--
-- Kept for ten years (3,650 days) from when a row was stored, not from its bar: history older than ten years
-- can be loaded, and would otherwise be gone as it arrives.
--
-- A row is written again when labels become known; the one with the most labels wins. Read with FINAL (or
-- SET final = 1) to see each row once.

-- Raw bars, as they came: what backfill, training and recovery read.
${table('aggregates', [...KEY, ...BAR], 'bar_close_time')}

-- One row a closed bar: the raw bar, ${FEATURE_COUNT} features, ${LABEL_NUMBERS} label columns, quality. NaN is "not known".
${table('ml_features', COLUMNS, 'labels_known')}
`;
}

const encoder = new TextEncoder();
/** Bytes of a row besides its strings. */
const FIXED = 8 + 8 + RAW.length * 8 + 2 + 1 + LABEL_NUMBERS * 8 + FEATURE_COUNT * 4;

/** Writes rows as RowBinary, in the order of {@link COLUMNS}. */
export function encodeSegment(rows: readonly IdentifiedRow[]): Buffer {
  const keys = rows.map(({ series }) =>
    [series.tenantId, series.feed, series.symbol, series.timeframe].map((text) => encoder.encode(text)),
  );
  const size = keys.reduce(
    (sum, texts) => sum + texts.reduce((n, text) => n + 1 + text.length, 0) + FIXED,
    0,
  );
  const buffer = Buffer.allocUnsafe(size);
  let at = 0;
  rows.forEach(({ row }, i) => {
    for (const text of keys[i]!) {
      if (text.length > 127)
        throw new Error('A tenant, feed or symbol of more than 127 bytes cannot be stored.');
      buffer[at++] = text.length;
      buffer.set(text, at);
      at += text.length;
    }
    at = buffer.writeBigInt64LE(BigInt(row.bar.openTime), at);
    at = buffer.writeBigInt64LE(BigInt(row.closeTime), at);
    const { bar } = row;
    for (const x of [bar.open, bar.high, bar.low, bar.close, bar.volume, bar.tickCount, bar.bid, bar.ask]) {
      at = buffer.writeDoubleLE(x, at);
    }
    at = buffer.writeUInt16LE(row.qualityFlags, at);
    at = buffer.writeUInt8(labelsKnown(row.labels), at);
    for (let k = 0; k < LABEL_NUMBERS; k++) at = buffer.writeDoubleLE(row.labels[k]!, at);
    // Float32Array is little-endian wherever Node runs.
    buffer.set(new Uint8Array(row.values.buffer, row.values.byteOffset, row.values.byteLength), at);
    at += row.values.byteLength;
  });
  return buffer;
}

function labelsKnown(labels: Float64Array): number {
  let known = 0;
  for (let horizon = 0; horizon < HORIZONS.length; horizon++) {
    const resolvedAt = labels[horizon * 6 + 5]!;
    if (resolvedAt === resolvedAt) known++;
  }
  return known;
}
