import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { SuhoError, messageOf } from '../errors.js';
import type { ByteSource } from './byte-source.js';
import type { FieldBlock } from './text.js';

/** A row group is read as a whole; writers make them of 100,000 to a million rows. */
const GROUP_ROWS_MAX = 5_000_000;
const BLOCK_ROWS = 4096;

/** Whole digits, so that the unit is told as in any file; nanoseconds do not fit a JavaScript date. */
const parsers = {
  timestampFromMilliseconds: (ms: bigint): string => String(ms),
  timestampFromMicroseconds: (us: bigint): string => String(us),
  timestampFromNanoseconds: (ns: bigint): string => String(ns),
  dateFromDays: (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10),
};

/** The rows of a Parquet file as fields, a row group in memory at a time; "line" 0 has the names of the columns. Throws `BAD_FILE`. */
export async function* parquetFields(source: ByteSource): AsyncGenerator<FieldBlock> {
  try {
    const file = {
      byteLength: source.size,
      slice: async (start: number, end = source.size) => {
        const bytes = await source.slice(start < 0 ? source.size + start : start, end);
        return new Uint8Array(bytes).buffer;
      },
    };
    const metadata = await parquetMetadataAsync(file, { parsers });
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    yield { first: 0, rows: [names] };
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      if (rowEnd - rowStart > GROUP_ROWS_MAX)
        throw new SuhoError(
          'BAD_FILE',
          `${source.name} has a row group of ${rowEnd - rowStart} rows; write it with at most ${GROUP_ROWS_MAX} a group.`,
        );
      const objects = await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors, parsers });
      for (let at = 0; at < objects.length; at += BLOCK_ROWS)
        yield {
          first: rowStart + at + 1,
          rows: objects.slice(at, at + BLOCK_ROWS).map((row) => names.map((name) => fieldText(row[name]))),
        };
      rowStart = rowEnd;
    }
  } catch (error) {
    throw error instanceof SuhoError
      ? error
      : new SuhoError(
          'BAD_FILE',
          `${source.name} is a damaged Parquet file: ${messageOf(error).split('\n')[0]!.replace(/\.$/, '')}.`,
        );
  }
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
