import { barDefect, type Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import { quoteDefect, type Quote } from '../../actors/market/quote.js';
import { canonicalSymbol } from '../../actors/market/symbol.js';
import { SuhoError, quoted } from '../errors.js';
import { toNumber } from './digits.js';
import type { Columns, Role } from './columns.js';
import type { RecognisedLayout } from './recognise.js';
import type { RefusalAccount, RefusalReason } from './refusals.js';
import type { TimeReading } from './times.js';

/** A row that may be taken, with its line in the file. */
export type Row =
  | { readonly kind: 'bar'; readonly line: number; readonly ts: number; readonly bar: Bar }
  | { readonly kind: 'quote'; readonly line: number; readonly ts: number; readonly quote: Quote };

/** Whether a bar's time fits is seen when the file's grid is known. */
const ANY_TIME = new BarGrid(1, UTC_CALENDAR);
/** Fields that say that a value is not known. */
const UNKNOWN = /^(?:null|nan|n\/a|na|none|-|\\n)?$/i;
const DOTS = /^\d{1,3}(?:\.\d{3})+$/;
const COMMAS = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
/** Rows in a row in another unit that make a change of unit of them; fewer are wrong rows. */
const OTHER_UNIT_MAX = 8;

/** The symbol that a ticker names: "EUR/USD" and Polygon's "C:EURUSD" are EURUSD. */
export function symbolOfTicker(ticker: string): string | undefined {
  return canonicalSymbol(ticker.replace(/^[A-Z]:/, ''));
}

/** The text of a row's time: one column, or a date and a time of day. */
export function timeText(fields: readonly string[], { time, date, clock }: Columns): string {
  if (time !== undefined) return (fields[time] ?? '').trim();
  const day = (fields[date!] ?? '').trim();
  return clock === undefined ? day : `${day} ${(fields[clock] ?? '').trim()}`;
}

/** Turns the fields of rows into bars or quotes; what cannot be one is refused by name. */
export class RowReader {
  readonly #name: string;
  readonly #layout: RecognisedLayout;
  readonly #times: TimeReading;
  readonly #account: RefusalAccount;
  readonly #number: (text: string) => number;
  #fault: Role | undefined;
  /** Rows in a row whose times are in another unit than the file's. */
  #otherUnit = 0;
  #after = -Infinity;
  #bid = NaN;
  #ask = NaN;

  constructor(name: string, layout: RecognisedLayout, times: TimeReading, account: RefusalAccount) {
    this.#name = name;
    this.#layout = layout;
    this.#times = times;
    this.#account = account;
    this.#number = layout.decimalComma ? (text) => Number(text.replace(',', '.')) : toNumber;
  }

  /** The row as a bar or quote; undefined when it is refused. */
  read(fields: readonly string[], line: number): Row | undefined {
    const { columns, width, kind } = this.#layout;
    // A delimiter at the end of the line makes an empty field more.
    if (fields.length !== width && !(fields.length === width + 1 && fields[width]!.trim() === ''))
      return this.#refuse('columns', line, () => `${fields.length} of ${width}`);
    const text = timeText(fields, columns);
    // Bars of one local time are two; quotes of one time are usual.
    const ts = this.#times.read(text, kind === 'bars' ? this.#after : this.#after - 1);
    if (typeof ts !== 'number') {
      if (ts.reason !== 'other_unit') this.#otherUnit = 0;
      else if (++this.#otherUnit === OTHER_UNIT_MAX)
        throw new SuhoError(
          'BAD_FILE',
          `${this.#name} changes the unit of its times: in lines ${line - OTHER_UNIT_MAX + 1} to ${line} ${ts.detail}; make it one unit, or two files.`,
        );
      return this.#refuse(ts.reason, line, () => ts.detail);
    }
    this.#otherUnit = 0;
    const row = kind === 'bars' ? this.#bar(fields, ts, line) : this.#quote(fields, Math.floor(ts), line);
    if (row !== undefined) this.#after = ts;
    return row;
  }

  #refuse(reason: RefusalReason, line: number, detail: () => string): undefined {
    this.#account.refuse(reason, line, detail);
    return undefined;
  }

  /** A column's number, NaN when it is unknown; notes the column when its text is no number. */
  #value(fields: readonly string[], role: Role): number {
    const at = this.#layout.columns[role];
    if (at === undefined) return NaN;
    const text = fields[at]!;
    const x = role === 'volume' ? this.#volume(text) : this.#number(text);
    if (x === x && (x !== 0 || text.trim() !== '')) return x;
    if (!UNKNOWN.test(text.trim())) this.#fault ??= role;
    return NaN;
  }

  /** A volume may have separators of thousands: the sign that is not the decimal one. */
  #volume(text: string): number {
    const [thousands, sign] = this.#layout.decimalComma ? [DOTS, '.'] : [COMMAS, ','];
    if (!text.includes(sign)) return this.#number(text);
    return thousands.test(text.trim()) ? Number(text.replaceAll(sign, '')) : NaN;
  }

  #refuseText(fields: readonly string[], line: number): undefined {
    const role = this.#fault!;
    return this.#refuse(
      'not_a_number',
      line,
      () => `${role} is ${quoted(fields[this.#layout.columns[role]!]!.trim())}`,
    );
  }

  #bar(fields: readonly string[], ts: number, line: number): Row | undefined {
    this.#fault = undefined;
    const bar: Bar = {
      openTime: ts,
      open: this.#value(fields, 'open'),
      high: this.#value(fields, 'high'),
      low: this.#value(fields, 'low'),
      close: this.#value(fields, 'close'),
      volume: this.#value(fields, 'volume'),
      tickCount: this.#value(fields, 'tickCount'),
      bid: this.#value(fields, 'bid'),
      ask: this.#value(fields, 'ask'),
    };
    if (this.#fault !== undefined) return this.#refuseText(fields, line);
    const { open, high, low, close } = bar;
    if (open !== open && high !== high && low !== low && close !== close)
      return this.#refuse('no_prices', line, () => '');
    // Whether the time is on the grid of the bars is seen with the rows around it, later.
    const defect = barDefect(bar, ANY_TIME);
    if (
      defect === undefined ||
      (defect === 'bad_time' && barDefect({ ...bar, openTime: 0 }, ANY_TIME) === undefined)
    )
      return { kind: 'bar', line, ts, bar };
    return this.#refuse(defect, line, () => pricesText(bar));
  }

  #quote(fields: readonly string[], ts: number, line: number): Row | undefined {
    this.#fault = undefined;
    let bid = this.#value(fields, 'bid');
    let ask = this.#value(fields, 'ask');
    const bidSize = this.#value(fields, 'bidSize');
    const askSize = this.#value(fields, 'askSize');
    if (this.#fault !== undefined) return this.#refuseText(fields, line);
    if (this.#layout.carriesQuotes === true) {
      bid = this.#bid = bid === bid ? bid : this.#bid;
      ask = this.#ask = ask === ask ? ask : this.#ask;
    }
    const quote: Quote = { ts, bid, ask, bidSize, askSize };
    if (bid !== bid && ask !== ask) return this.#refuse('no_prices', line, () => '');
    const defect = quoteDefect(quote);
    if (defect === undefined) return { kind: 'quote', line, ts, quote };
    return this.#refuse(defect, line, () => `bid ${bid}, ask ${ask}`);
  }
}

function pricesText({ open, high, low, close, volume }: Bar): string {
  return `open ${open}, high ${high}, low ${low}, close ${close}${volume === volume ? `, volume ${volume}` : ''}`;
}
