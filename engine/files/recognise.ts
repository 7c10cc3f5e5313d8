import { SuhoError } from '../errors.js';
import { columnsOf, kindOf, plainName, type Columns } from './columns.js';
import { isNumber, type Format, type Layout } from './format.js';
import { dukascopy } from './formats/dukascopy.js';
import { binance, kraken } from './formats/exchanges.js';
import { histdata } from './formats/histdata.js';
import { metatrader4, metatrader5 } from './formats/metatrader.js';
import { plain } from './formats/plain.js';
import { polygon, yahoo } from './formats/stocks.js';
import { splitFields } from './text.js';

/** The first that recognises a file wins: the special ones stand before the general ones. */
const FORMATS: readonly Format[] = [
  metatrader5,
  metatrader4,
  histdata,
  dukascopy,
  binance,
  kraken,
  yahoo,
  polygon,
  plain,
];

export const FORMAT_NAMES: readonly string[] = FORMATS.map(({ name }) => name);

const DELIMITERS = ['\t', ';', '|', ','];
/** Lines before the header: comments, a web address, Excel's `sep=;`. */
const PREAMBLE_MAX = 10;
/** Rows that a format is recognised by. */
const ROWS = 50;

/** How a file's rows are laid out. */
export interface RecognisedLayout extends Layout {
  readonly format: string;
  readonly kind: 'bars' | 'quotes';
  /** Lines before the first row. */
  readonly skippedLines: number;
  /** Fields of a row. */
  readonly width: number;
  readonly decimalComma: boolean;
}

/** Splits lines, all by the same character. */
export function delimiterOf(lines: readonly string[]): string {
  const shown = lines.filter((line) => line.trim() !== '').slice(0, ROWS);
  const often = (delimiter: string): boolean =>
    shown.filter((line) => splitFields(line, delimiter).length >= 3).length * 2 > shown.length;
  return DELIMITERS.find(often) ?? ',';
}

/** Recognises a file's layout by its first lines, each split into fields. Throws `BAD_FILE` when it is of no known one. */
export function recognise(
  name: string,
  lines: readonly (readonly string[])[],
  delimiter: string,
  wanted: string | undefined,
): RecognisedLayout {
  const first = lines.findIndex((fields) => fields.some((field) => field.trim() !== ''));
  if (first < 0) throw new SuhoError('BAD_FILE', `${name} is empty.`);
  const headerAt = lines
    .slice(0, PREAMBLE_MAX)
    .findIndex((fields) => kindOf(columnsOf(fields).columns) !== undefined);
  const header = headerAt < 0 ? undefined : lines[headerAt]!;
  const { columns, twice, zone } = columnsOf(header ?? []);
  if (twice !== undefined)
    throw new SuhoError('BAD_FILE', `${name} has two columns ${JSON.stringify(twice)}; keep one.`);
  const skippedLines = header === undefined ? bareStart(lines) : headerAt + 1;
  const rows = lines.slice(skippedLines, skippedLines + ROWS).filter(({ length }) => length > 1);
  // Places say nothing where there are names.
  const names =
    header === undefined ? lines.slice(0, skippedLines).find((fields) => areNames(fields, rows)) : undefined;
  if (names !== undefined) throw unknown(name, names, undefined);
  const head = { header: header?.map(plainName), written: header ?? [], rows };
  const candidates = wanted === undefined ? FORMATS : FORMATS.filter((format) => format.name === wanted);
  for (const format of candidates) {
    const layout = format.recognise(head, columns, wanted !== undefined);
    const kind = layout === undefined ? undefined : kindOf(layout.columns);
    if (layout === undefined || kind === undefined) continue;
    const width = header?.length ?? rows[0]?.length ?? 0;
    const decimalComma = delimiter !== ',' && hasDecimalCommas(rows, layout.columns);
    return {
      ...layout,
      ...(zone === undefined ? {} : { zone }),
      format: format.name,
      kind,
      skippedLines,
      width,
      decimalComma,
    };
  }
  throw unknown(name, lines[first]!, wanted);
}

/** Whether a line names the columns of rows: as many fields, all of them words. */
function areNames(fields: readonly string[], rows: readonly (readonly string[])[]): boolean {
  const given = fields.filter((field) => field.trim() !== '');
  const width = rows[0]?.length ?? 0;
  return given.length >= Math.max(3, width - 1) && given.every((field) => /^[^\d]*\p{L}/u.test(field.trim()));
}

/** Lines before the first row that has numbers, where no line is a header. */
function bareStart(lines: readonly (readonly string[])[]): number {
  const at = lines
    .slice(0, PREAMBLE_MAX)
    .findIndex((fields) => fields.length >= 3 && fields.filter(isNumber).length >= 2);
  return Math.max(0, at);
}

function hasDecimalCommas(rows: readonly (readonly string[])[], columns: Columns): boolean {
  const at = [columns.open, columns.close, columns.bid, columns.ask].filter((i) => i !== undefined);
  const prices = rows.flatMap((fields) => at.map((i) => fields[i] ?? ''));
  return prices.some((text) => /^\s*\d+,\d+\s*$/.test(text)) && !prices.some((text) => text.includes('.'));
}

function unknown(name: string, fields: readonly string[], wanted: string | undefined): SuhoError {
  if (fields.some((field) => /[\p{Cc}\ufffd]/u.test(field.trim())))
    return new SuhoError('BAD_FILE', `${name} is not text, and neither gzip, ZIP nor Parquet.`);
  const shown = fields
    .map((field) => field.trim())
    .join(',')
    .slice(0, 200)
    .replaceAll(/[^\x20-\x7e]/g, '?');
  if (wanted !== undefined)
    return new SuhoError('BAD_FILE', `${name} is not of the format ${wanted}; it begins with ${shown}.`);
  return new SuhoError(
    'BAD_FILE',
    `${name} has the columns ${shown}; bars need ts,open,high,low,close and quotes ts,bid,ask in the header, or the format of a known export (--format: ${FORMAT_NAMES.join(', ')}).`,
  );
}
