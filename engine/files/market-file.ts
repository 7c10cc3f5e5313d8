import type { Bar } from '../../actors/market/bar.js';
import type { BarGrid } from '../../actors/market/bar-grid.js';
import type { Quote } from '../../actors/market/quote.js';
import type { CalendarRule } from '../calendars.js';
import { SuhoError, messageOf } from '../errors.js';
import { fileSource, type ByteSource } from './byte-source.js';
import { describeRefusal, RefusalAccount, type Refusal } from './refusals.js';
import { FieldRows, type FieldRow } from './field-rows.js';
import { inspect, type Inspection } from './inspection.js';
import { RowOrder } from './order.js';
import type { Reading } from './reading.js';
import { RowReader, type Row } from './rows.js';
import { openTable } from './table.js';

/** Rows that show what a file is. */
const SAMPLE = 2_000;
/** Rows of a file that is read backwards: they are all in memory, some 500 MB. */
const NEWEST_FIRST_MAX = 4_000_000;
/** Reasons that an error names. */
const NAMED_MAX = 3;

/** Rows of a market file, in chunks, with the line of each. */
export type MarketChunk =
  | { readonly kind: 'bars'; readonly lines: readonly number[]; readonly bars: readonly Bar[] }
  | { readonly kind: 'quotes'; readonly lines: readonly number[]; readonly quotes: readonly Quote[] };

/** What became of a file's rows. */
export interface FileReport {
  readonly format: string;
  readonly description: string;
  /** Rows read, of the symbol if one was asked for. */
  readonly rows: number;
  readonly taken: number;
  readonly refused: number;
  /** Of the refused rows, those that repeat or contradict others or come too late. */
  readonly late: number;
  readonly refusals: readonly Refusal[];
}

/**
 * A file of bars or quotes as its users have it: an export of a known kind, or columns by name; CSV, TSV, gzip, zip, Parquet.
 * What it is is told from its content when it is opened; its rows come oldest first, checked, and what cannot be right is
 * refused by name and counted.
 */
export class MarketFile {
  /** How it was asked to be read. */
  readonly reading: Reading;
  readonly #source: ByteSource;
  readonly #rows: FieldRows;
  readonly #sample: readonly FieldRow[];
  readonly #inspection: Inspection;
  readonly #now: number;
  readonly #account = new RefusalAccount();
  readonly #batches: AsyncGenerator<readonly Row[]>;
  /** The first rows, which are read before it is said what the file is. */
  #first: readonly Row[] = [];
  #read = 0;
  #taken = 0;

  private constructor(
    reading: Reading,
    source: ByteSource,
    rows: FieldRows,
    sample: readonly FieldRow[],
    inspection: Inspection,
    now: number,
  ) {
    this.reading = reading;
    this.#source = source;
    this.#rows = rows;
    this.#sample = sample;
    this.#inspection = inspection;
    this.#now = now;
    this.#batches = this.#accepted();
  }

  /** Opens a file and recognises it. Throws `BAD_FILE` with one sentence when it cannot be read, or not as is asked. */
  static async open(file: string | ByteSource, reading: Reading = {}): Promise<MarketFile> {
    const source = typeof file === 'string' ? await fileSource(file) : file;
    const now = reading.now ?? Date.now();
    let rows: FieldRows | undefined;
    try {
      rows = await FieldRows.open(source.name, await openTable(source, reading), reading);
      const sample = await rows.take(SAMPLE);
      const inspection = inspect(source.name, rows, sample, reading, now);
      const market = new MarketFile(reading, source, rows, sample, inspection, now);
      const first = await market.#batches.next();
      if (first.done !== true) market.#first = first.value;
      return market;
    } catch (error) {
      await rows?.close();
      throw explained(source.name, error);
    }
  }

  get kind(): 'bars' | 'quotes' {
    return this.#rows.layout.kind;
  }

  /** What the file is, in one line. */
  get description(): string {
    return this.#inspection.description;
  }

  /** When the file's bars begin and end. */
  get grid(): BarGrid {
    return this.#inspection.grid;
  }

  /** The calendar its bars lie on or, when they are of an hour or less, that longer ones are built for. */
  get calendar(): CalendarRule {
    return this.#inspection.calendar;
  }

  /**
   * The rows that are taken, oldest first, in chunks of up to `size`; once. Throws `BAD_FILE` when the file turns out to be
   * damaged or another than its beginning, and at the end when no row was taken.
   */
  async *chunks(size = 1024): AsyncGenerator<MarketChunk> {
    try {
      yield* this.#chunked(this.#first, size);
      this.#first = [];
      for await (const rows of this.#batches) yield* this.#chunked(rows, size);
    } catch (error) {
      throw explained(this.#source.name, error);
    } finally {
      await this.close();
    }
  }

  /** Lets go of a file whose rows are not read to the end. */
  async close(): Promise<void> {
    await this.#batches.return(undefined);
    await this.#rows.close();
  }

  report(): FileReport {
    return {
      format: this.#rows.layout.format,
      description: this.description,
      rows: this.#read,
      taken: this.#taken,
      refused: this.#account.total,
      late: this.#account.ofOrder,
      refusals: this.#account.list(),
    };
  }

  /** The rows that are taken, as they become certain. */
  async *#accepted(): AsyncGenerator<readonly Row[]> {
    const { name, modifiedAt } = this.#source;
    const order = new RowOrder({ name, modifiedAt, now: this.#now }, this.grid, this.#account);
    const reader = new RowReader(name, this.#rows.layout, this.#inspection.times, this.#account);
    let ready: Row[] = [];
    const out = (row: Row): void => void ready.push(row);
    for await (const block of this.#blocks()) {
      this.#read += block.length;
      const rows: Row[] = [];
      for (const { fields, line } of block) {
        const row = reader.read(fields, line);
        if (row !== undefined) rows.push(row);
      }
      order.take(rows, false, out);
      if (ready.length === 0) continue;
      this.#taken += ready.length;
      yield ready;
      ready = [];
    }
    order.take([], true, out);
    this.#taken += ready.length;
    if (this.#taken === 0) throw this.#nothingUsable();
    yield ready;
  }

  /** The rows in blocks; those of a file with the newest first are turned round. */
  async *#blocks(): AsyncGenerator<readonly FieldRow[]> {
    if (!this.#inspection.newestFirst) {
      if (this.#sample.length > 0) yield this.#sample;
      yield* this.#rows.rest();
      return;
    }
    // Joined, a row takes a third of the memory.
    const joined: string[] = [];
    const lines: number[] = [];
    const keep = (rows: readonly FieldRow[]): void => {
      for (const { fields, line } of rows) {
        joined.push(fields.join('\u001f'));
        lines.push(line);
      }
      if (joined.length > NEWEST_FIRST_MAX)
        throw new SuhoError(
          'BAD_FILE',
          `${this.#source.name} has the newest row first and more than ${NEWEST_FIRST_MAX} rows; sort it by time first.`,
        );
    };
    keep(this.#sample);
    for await (const rows of this.#rows.rest()) keep(rows);
    while (joined.length > 0) {
      const texts = joined.splice(-SAMPLE).reverse();
      const places = lines.splice(-SAMPLE).reverse();
      yield texts.map((text, i) => ({ fields: text.split('\u001f'), line: places[i]! }));
    }
  }

  *#chunked(rows: readonly Row[], size: number): Generator<MarketChunk> {
    for (let at = 0; at < rows.length; at += size) {
      const part = rows.slice(at, at + size);
      const lines = part.map(({ line }) => line);
      if (this.kind === 'bars') {
        const bars = part.flatMap((row) => (row.kind === 'bar' ? [row.bar] : []));
        yield { kind: 'bars', lines, bars };
      } else {
        const quotes = part.flatMap((row) => (row.kind === 'quote' ? [row.quote] : []));
        yield { kind: 'quotes', lines, quotes };
      }
    }
  }

  #nothingUsable(): SuhoError {
    const { name } = this.#source;
    const absent = this.#rows.absentSymbol();
    if (absent !== undefined) return new SuhoError('BAD_FILE', absent);
    if (this.#read === 0) return new SuhoError('BAD_FILE', `${name} has no rows.`);
    const reasons = this.#account.list().slice(0, NAMED_MAX).map(describeRefusal);
    return new SuhoError(
      'BAD_FILE',
      `${name} has no usable row: all ${this.#read} are refused; ${reasons.join('; ')}.`,
    );
  }
}

function explained(name: string, error: unknown): SuhoError {
  return error instanceof SuhoError
    ? error
    : new SuhoError('BAD_FILE', `${name} cannot be read: ${messageOf(error).replace(/\.$/, '')}.`);
}
