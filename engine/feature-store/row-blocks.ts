import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SuhoError } from '../errors.js';
import { BAR_BYTES, LABELS_KNOWN_BYTES, type TABLES } from './table.js';

type Table = keyof typeof TABLES;

/**
 * Partitions one block may touch. ClickHouse refuses a block of more than 100 (`max_partitions_per_insert_block`), every
 * time it comes: years of daily bars are such a block.
 */
const PARTITIONS_MAX = 90;

/** What DateTime64(3) can hold: 1900 through 2299. */
export const FIRST_TIME = Date.UTC(1900, 0, 1);
export const LAST_TIME = Date.UTC(2300, 0, 1) - 1;

/** Strings every row begins with: tenant, user, feed, symbol, timeframe. */
const KEY_STRINGS = 5;

/**
 * RowBinary rows of a table as blocks that ClickHouse takes: by partition where they touch more than
 * {@link PARTITIONS_MAX}, as they are else. Rows of one partition stay in their order. Throws `RECORD_REFUSED` for a time
 * that ClickHouse cannot hold and for bytes that are not whole rows.
 */
export function blocksOf(table: Table, rows: Uint8Array): Uint8Array[] {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const byPartition = new Map<number, { from: number; to: number }[]>();
  for (let from = 0; from < rows.length;) {
    const { to, partition } = readRow(table, rows, view, from);
    const spans = byPartition.get(partition);
    const last = spans?.at(-1);
    if (spans === undefined) byPartition.set(partition, [{ from, to }]);
    else if (last?.to === from) last.to = to;
    else spans.push({ from, to });
    from = to;
  }
  if (byPartition.size <= PARTITIONS_MAX) return [rows];
  const partitions = [...byPartition].sort(([a], [b]) => a - b).map(([, spans]) => spans);
  const blocks: Uint8Array[] = [];
  for (let first = 0; first < partitions.length; first += PARTITIONS_MAX) {
    const spans = partitions.slice(first, first + PARTITIONS_MAX).flat();
    blocks.push(Buffer.concat(spans.map(({ from, to }) => rows.subarray(from, to))));
  }
  return blocks;
}

/** Where a row ends, and the partition it belongs to: the year of `aggregates`, the month of `ml_features`. */
function readRow(
  table: Table,
  rows: Uint8Array,
  view: DataView,
  from: number,
): { readonly to: number; readonly partition: number } {
  try {
    let to = from;
    for (let i = 0; i < KEY_STRINGS; i++) to += 1 + view.getUint8(to);
    const openTime = Number(view.getBigInt64(to, true));
    const closeTime = Number(view.getBigInt64(to + 8, true));
    to += BAR_BYTES;
    if (table === 'ml_features') to = endOfFeatures(view, to);
    if (to > rows.length) throw new RangeError();
    checkTime(openTime);
    checkTime(closeTime);
    const opened = new Date(openTime);
    const year = opened.getUTCFullYear();
    return { to, partition: table === 'aggregates' ? year : year * 12 + opened.getUTCMonth() };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SuhoError('RECORD_REFUSED', `A row of ${table} is cut off at byte ${from} of ${rows.length}.`);
  }
}

/** The end of a row of `ml_features` whose raw bar ends at a byte: labels, features, version, map of further columns. */
function endOfFeatures(view: DataView, barEnd: number): number {
  let to = barEnd + LABELS_KNOWN_BYTES + FEATURE_COUNT * 4;
  to += 1 + view.getUint8(to);
  const extras = view.getUint8(to);
  to += 1;
  for (let i = 0; i < extras; i++) to += 1 + view.getUint8(to) + 4;
  return to;
}

function checkTime(time: number): void {
  if (time >= FIRST_TIME && time <= LAST_TIME) return;
  throw new SuhoError(
    'RECORD_REFUSED',
    `A bar at ${time} ms since 1970 cannot be stored: ClickHouse keeps times from 1900 through 2299.`,
  );
}
