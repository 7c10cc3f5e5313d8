import { parquetMetadataAsync, parquetRead, parquetSchema, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { SuhoError } from '../errors.js';
import type { ByteSource } from './byte-source.js';
import { packedBlock, type PackedBlock } from './packed-block.js';

/** A row group is decoded as a whole; writers make them of 100,000 to a million rows. */
const GROUP_ROWS_MAX = 5_000_000;
const BLOCK_ROWS = 4096;

/** Whole digits, so that the unit is told as in any file; nanoseconds do not fit a JavaScript date. */
const parsers = {
  timestampFromMilliseconds: (ms: bigint): string => String(ms),
  timestampFromMicroseconds: (us: bigint): string => String(us),
  timestampFromNanoseconds: (ns: bigint): string => String(ns),
  dateFromDays: (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10),
};

/** Values of a column from row `rowStart` of the file on. */
interface Page {
  readonly rowStart: number;
  readonly rowEnd: number;
  readonly values: ArrayLike<unknown>;
}

/**
 * The rows of a Parquet file as fields, a row group in memory at a time; "line" 0 has the names of the columns. Nested columns
 * are empty. On a damaged file it may throw anything, never end, or fill the memory: see `parquetFields`.
 */
export async function* decodedFields(source: ByteSource, onPage: () => void): AsyncGenerator<PackedBlock> {
  const file = {
    byteLength: source.size,
    slice: async (start: number, end = source.size) => {
      const bytes = await source.slice(start < 0 ? source.size + start : start, end);
      return new Uint8Array(bytes).buffer;
    },
  };
  const metadata = await parquetMetadataAsync(file, { parsers });
  const columns = parquetSchema(metadata).children;
  const names = columns.map(({ element }) => element.name);
  const flat = columns
    .filter(({ element, children }) => children.length === 0 && element.repetition_type !== 'REPEATED')
    .map(({ element }) => element.name);
  yield packedBlock(0, [names]);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + rowsOf(source.name, group);
    const pages = new Map<string, Page[]>(names.map((name) => [name, []]));
    await parquetRead({
      file,
      metadata,
      rowStart,
      rowEnd,
      columns: flat,
      compressors,
      parsers,
      onPage,
      onChunk: ({ columnName, columnData, rowStart: from, rowEnd: to }) =>
        pages.get(columnName)?.push({ rowStart: from, rowEnd: to, values: columnData }),
    });
    const cells = names.map((name) => cellsOf(pages.get(name)!));
    for (let at = rowStart; at < rowEnd; at += BLOCK_ROWS) {
      const length = Math.min(BLOCK_ROWS, rowEnd - at);
      yield packedBlock(
        at + 1,
        Array.from({ length }, (_, i) => cells.map((cell) => cell(at + i))),
      );
    }
    rowStart = rowEnd;
  }
}

function rowsOf(name: string, group: FileMetaData['row_groups'][number]): number {
  const rows = Number(group.num_rows);
  if (!(rows >= 0)) throw new Error(`a row group of ${rows} rows`);
  if (rows > GROUP_ROWS_MAX)
    throw new SuhoError(
      'BAD_FILE',
      `${name} has a row group of ${rows} rows; write it with at most ${GROUP_ROWS_MAX} a group.`,
    );
  return rows;
}

/** The text of a column's value in a row; to be asked for rows in their order. */
function cellsOf(pages: readonly Page[]): (row: number) => string {
  let at = 0;
  return (row) => {
    while (at < pages.length && row >= pages[at]!.rowEnd) at++;
    const page = pages[at];
    return page === undefined ? '' : fieldText(page.values[row - page.rowStart]);
  };
}

function fieldText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : '';
  }
}
