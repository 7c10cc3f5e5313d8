import { createReadStream, existsSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { parse } from 'csv-parse';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import { SuhoError, messageOf } from '../errors.js';

const BAR_COLUMNS = ['ts', 'open', 'high', 'low', 'close'] as const;
const QUOTE_COLUMNS = ['ts', 'bid', 'ask'] as const;

/** Rows of a market file, in chunks; `line` is the file's line of the chunk's first row. */
export type MarketChunk =
  | { readonly kind: 'bars'; readonly line: number; readonly bars: readonly Bar[] }
  | { readonly kind: 'quotes'; readonly line: number; readonly quotes: readonly Quote[] };

type ReadNumber = (record: readonly string[]) => number;

/** An empty or missing field is unknown: NaN. So is one that is no number, which the engine then refuses. */
function column(header: readonly string[], name: string): ReadNumber {
  const at = header.indexOf(name);
  if (at < 0) return () => NaN;
  return (record) => {
    const text = record[at];
    return text === undefined || text === '' ? NaN : Number(text);
  };
}

function barReader(header: readonly string[]): (record: readonly string[]) => Bar {
  const [ts, open, high, low, close] = BAR_COLUMNS.map((name) => column(header, name));
  const [volume, tickCount, bid, ask] = ['volume', 'tick_count', 'bid', 'ask'].map((name) =>
    column(header, name),
  );
  return (record) => ({
    openTime: ts!(record),
    open: open!(record),
    high: high!(record),
    low: low!(record),
    close: close!(record),
    volume: volume!(record),
    tickCount: tickCount!(record),
    bid: bid!(record),
    ask: ask!(record),
  });
}

function quoteReader(header: readonly string[]): (record: readonly string[]) => Quote {
  const [ts, bid, ask] = QUOTE_COLUMNS.map((name) => column(header, name));
  const [bidSize, askSize] = ['bid_size', 'ask_size'].map((name) => column(header, name));
  return (record) => ({
    ts: ts!(record),
    bid: bid!(record),
    ask: ask!(record),
    bidSize: bidSize!(record),
    askSize: askSize!(record),
  });
}

/**
 * Reads a CSV file of bars or quotes, plain or gzipped (`.gz`), columns by header. Yields chunks of up to
 * `chunk` rows. Throws `BAD_FILE` with one sentence when the file is missing, is no CSV, lacks columns, or is
 * cut off.
 */
export async function* readMarketFile(file: string, chunk = 256): AsyncGenerator<MarketChunk> {
  if (!existsSync(file)) throw new SuhoError('BAD_FILE', `There is no file ${file}.`);
  const parser = parse({ relax_column_count: false, skip_empty_lines: true, trim: true, bom: true });
  const source = createReadStream(file);
  const done = pipeline(source, file.endsWith('.gz') ? createGunzip() : new PassThrough(), parser).catch(
    (error: unknown) => void parser.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    let header: readonly string[] | undefined;
    let line = 0;
    let make: ((records: readonly (readonly string[])[], line: number) => MarketChunk) | undefined;
    let records: string[][] = [];
    for await (const record of parser as AsyncIterable<string[]>) {
      line++;
      if (header === undefined || make === undefined) {
        header = record.map((name) => name.trim().toLowerCase());
        make = chunkMaker(file, header);
        continue;
      }
      records.push(record);
      if (records.length < chunk) continue;
      yield make(records, line - records.length + 1);
      records = [];
    }
    if (header === undefined || make === undefined) throw new SuhoError('BAD_FILE', `${file} is empty.`);
    if (records.length > 0) yield make(records, line - records.length + 1);
  } catch (error) {
    throw error instanceof SuhoError ? error : new SuhoError('BAD_FILE', explain(file, error));
  } finally {
    source.destroy();
    await done;
  }
}

function chunkMaker(
  file: string,
  header: readonly string[],
): (records: readonly (readonly string[])[], line: number) => MarketChunk {
  const lacks = (names: readonly string[]): string[] => names.filter((name) => !header.includes(name));
  if (lacks(BAR_COLUMNS).length === 0) {
    const read = barReader(header);
    return (records, line) => ({ kind: 'bars', line, bars: records.map(read) });
  }
  if (lacks(QUOTE_COLUMNS).length === 0) {
    const read = quoteReader(header);
    return (records, line) => ({ kind: 'quotes', line, quotes: records.map(read) });
  }
  throw new SuhoError(
    'BAD_FILE',
    `${file} has the columns ${header.join(',').slice(0, 200)}; bars need ${BAR_COLUMNS.join(',')} and quotes ${QUOTE_COLUMNS.join(',')} in the header.`,
  );
}

function explain(file: string, error: unknown): string {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'Z_BUF_ERROR') return `${file} is cut off: its gzip stream ends too early.`;
  if (code.startsWith('Z_')) return `${file} is not a gzip file: ${messageOf(error)}.`;
  return `${file} cannot be read: ${messageOf(error).replace(/\.$/, '')}.`;
}
