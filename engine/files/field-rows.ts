import { SuhoError, quoted } from '../errors.js';
import { recognise, type RecognisedLayout } from './recognise.js';
import { symbolOfTicker } from './rows.js';
import type { Table } from './table.js';
import type { FieldBlock } from './text.js';

/** Lines that a layout is recognised by. */
const HEAD = 60;
/** Tickers that a message names. */
const NAMED_MAX = 5;

/** A row of a file, not yet looked at, with its line. */
export interface FieldRow {
  readonly fields: readonly string[];
  readonly line: number;
}

/** The rows of a file below its header, of one symbol where it has a column of tickers. */
export class FieldRows {
  readonly layout: RecognisedLayout;
  readonly #name: string;
  readonly #blocks: AsyncGenerator<FieldBlock>;
  readonly #symbol: string | undefined;
  /** Whether each ticker seen so far is the symbol. */
  readonly #tickers = new Map<string, boolean>();
  #next: FieldBlock[];

  private constructor(
    name: string,
    layout: RecognisedLayout,
    head: FieldBlock[],
    blocks: AsyncGenerator<FieldBlock>,
    symbol: string | undefined,
  ) {
    this.#name = name;
    this.layout = layout;
    this.#next = head;
    this.#blocks = blocks;
    this.#symbol = symbol;
  }

  /** Recognises the layout of a table. Throws `BAD_FILE` when it is of no known one. */
  static async open(
    name: string,
    { blocks, delimiter }: Table,
    { format, symbol }: { readonly format?: string; readonly symbol?: string },
  ): Promise<FieldRows> {
    try {
      const head: FieldBlock[] = [];
      let count = 0;
      while (count < HEAD) {
        const next = await blocks.next();
        if (next.done === true) break;
        head.push(next.value);
        count += next.value.rows.length;
      }
      const lines = head.flatMap(({ rows }) => rows.slice(0, HEAD));
      const layout = recognise(name, lines, delimiter, format);
      return new FieldRows(name, layout, skip(head, layout.skippedLines), blocks, symbol);
    } catch (error) {
      await blocks.return(undefined);
      throw error;
    }
  }

  /** Up to `count` rows; fewer when there are no more. */
  async take(count: number): Promise<FieldRow[]> {
    const rows: FieldRow[] = [];
    while (rows.length < count) {
      const block = await this.#block();
      if (block === undefined) break;
      rows.push(...this.#select(block));
    }
    return rows;
  }

  /** The rows that were not taken yet, in blocks. */
  async *rest(): AsyncGenerator<readonly FieldRow[]> {
    for (;;) {
      const block = await this.#block();
      if (block === undefined) return;
      const rows = this.#select(block);
      if (rows.length > 0) yield rows;
    }
  }

  async close(): Promise<void> {
    await this.#blocks.return(undefined);
  }

  /** A sentence when the symbol that was asked for is not among the tickers. */
  absentSymbol(): string | undefined {
    if (this.#symbol === undefined || this.#tickers.size === 0) return undefined;
    if ([...this.#tickers.values()].includes(true)) return undefined;
    return `${this.#name} has no row of ${this.#symbol}; its tickers are ${this.#named()}.`;
  }

  #named(): string {
    const names = [...this.#tickers.keys()];
    return `${names.slice(0, NAMED_MAX).map(quoted).join(', ')}${names.length > NAMED_MAX ? ', …' : ''}`;
  }

  async #block(): Promise<FieldBlock | undefined> {
    const known = this.#next.shift();
    if (known !== undefined) return known;
    const next = await this.#blocks.next();
    return next.done === true ? undefined : next.value;
  }

  #select({ first, rows }: FieldBlock): FieldRow[] {
    const { ticker } = this.layout.columns;
    const selected: FieldRow[] = [];
    for (let i = 0; i < rows.length; i++) {
      const fields = rows[i]!;
      if (fields.length === 0) continue;
      if (ticker === undefined || this.#isWanted((fields[ticker] ?? '').trim(), first + i))
        selected.push({ fields, line: first + i });
    }
    return selected;
  }

  #isWanted(ticker: string, line: number): boolean {
    const known = this.#tickers.get(ticker);
    if (known !== undefined) return known;
    const isWanted = this.#symbol === undefined || symbolOfTicker(ticker) === this.#symbol;
    this.#tickers.set(ticker, isWanted);
    if (this.#symbol === undefined && this.#tickers.size > 1)
      throw new SuhoError(
        'BAD_FILE',
        `${this.#name} has several tickers: ${this.#named()} in line ${line}; choose one with --symbol.`,
      );
    return isWanted;
  }
}

function skip(blocks: readonly FieldBlock[], lines: number): FieldBlock[] {
  const rest: FieldBlock[] = [];
  let left = lines;
  for (const { first, rows } of blocks) {
    const dropped = Math.min(left, rows.length);
    left -= dropped;
    if (dropped < rows.length) rest.push({ first: first + dropped, rows: rows.slice(dropped) });
  }
  return rest;
}
