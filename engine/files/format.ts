import type { Columns } from './columns.js';

/** The first rows of a file, split into fields. */
export interface HeadRows {
  /** The header's names, plain (see `plainName`); undefined in a file without one. */
  readonly header: readonly string[] | undefined;
  /** The header as it is written. */
  readonly written: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The layout of a file in a format. */
export interface Layout {
  /** In words, as messages say it: "MetaTrader 5 export". */
  readonly title: string;
  readonly columns: Columns;
  /** Whose clock its times without an offset are of. */
  readonly clock: 'utc' | 'est' | 'server';
  /** Name of the clock, where the file says it. */
  readonly zone?: string;
  /** Empty bid and ask mean that they are as before. */
  readonly carriesQuotes?: boolean;
}

/** One format that data come in: how it is recognised, and where its columns are. */
export interface Format {
  /** What `--format` takes. */
  readonly name: string;
  /** The layout of a file whose first rows are these, undefined when it is of another format. `named`: the user said it is of this one. */
  recognise(head: HeadRows, columns: Columns, named: boolean): Layout | undefined;
}

const NUMBER = /^\s*[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?\s*$/;

export function isNumber(text: string | undefined): boolean {
  return text !== undefined && NUMBER.test(text);
}

/** Whether more than half of the rows pass a test; none of no rows. */
export function mostAre(
  rows: readonly (readonly string[])[],
  test: (fields: readonly string[]) => boolean,
): boolean {
  return rows.length > 0 && rows.filter(test).length * 2 > rows.length;
}

/** Whether four fields from `at` on are numbers that can be open, high, low and close. */
export function arePrices(fields: readonly string[], at: number): boolean {
  const four = fields.slice(at, at + 4);
  if (four.length < 4 || !four.every(isNumber)) return false;
  const [open, high, low, close] = four.map((text) => Number(text.replace(',', '.')));
  return high! >= Math.max(open!, close!, low!) && low! <= Math.min(open!, close!);
}

/** The columns of time, open, high, low, close, side by side, and volume. */
export function pricesAt(at: number, more: Columns): Columns {
  return { open: at, high: at + 1, low: at + 2, close: at + 3, ...more };
}
