import { type Bar, isSameBar } from '../../actors/market/bar.js';
import type { BarGrid } from '../../actors/market/bar-grid.js';
import type { Quote } from '../../actors/market/quote.js';
import { SuhoError } from '../errors.js';
import { SpacingWatch, lengthText } from './grid.js';
import { RecentQuotes } from './recent-quotes.js';
import type { RefusalAccount } from './refusals.js';
import type { Row } from './rows.js';

/** Rows looked at after each one, to tell a time that is wrong from rows that come late. */
const AHEAD = 16;
/** Bars that are remembered, to tell a repeated bar and another version of it from a late one. */
const REMEMBERED = 4096;

/**
 * Lets rows through in the order of their times. One whose time is ahead of most rows after it is refused, instead of making
 * them late. Bars have to lie on the grid of their length and end before the next row; two of one time are a duplicate or
 * a conflict.
 */
export class RowOrder {
  readonly #account: RefusalAccount;
  readonly #name: string;
  readonly #now: number;
  readonly #modifiedAt: number | undefined;
  /** Of the bars. */
  readonly #grid: BarGrid;
  readonly #watch: SpacingWatch;
  #waiting: Row[] = [];
  #last = -Infinity;
  /** A bar is let through when the row after it is known. */
  #held: { readonly line: number; readonly bar: Bar } | undefined;
  readonly #quotes = new RecentQuotes();
  /** Whether the quotes have gone back, and not yet come to a newer time. */
  #isRepeating = false;
  #recent: { readonly line: number; readonly bar: Bar }[] = [];

  constructor(
    file: { readonly name: string; readonly now: number; readonly modifiedAt: number | undefined },
    grid: BarGrid,
    account: RefusalAccount,
  ) {
    this.#name = file.name;
    this.#now = file.now;
    this.#modifiedAt = file.modifiedAt;
    this.#grid = grid;
    this.#account = account;
    this.#watch = new SpacingWatch(grid.lengthMs);
  }

  /** Takes rows as they stand in the file; `out` is given those that are taken, `isEnd` that none follows. */
  take(rows: readonly Row[], isEnd: boolean, out: (row: Row) => void): void {
    const all = this.#waiting.length === 0 ? rows : this.#waiting.concat(rows);
    const ready = isEnd ? all.length : Math.max(0, all.length - AHEAD);
    const least = leastAfter(all);
    for (let i = 0; i < ready; i++) {
      const row = all[i]!;
      if (row.ts > least[i]! && this.#isAhead(all, i))
        this.#account.refuse('ahead', row.line, () => new Date(row.ts).toISOString());
      else if (row.kind === 'bar') this.#bar(row, out);
      else this.#quote(row, row.quote, out);
    }
    this.#waiting = all.slice(ready);
    if (isEnd) this.#end(out);
  }

  #isAhead(rows: readonly Row[], i: number): boolean {
    const { ts } = rows[i]!;
    const end = Math.min(rows.length, i + 1 + AHEAD);
    let between = 0;
    for (let j = i + 1; j < end; j++) if (rows[j]!.ts < ts && rows[j]!.ts > this.#last) between++;
    return between * 2 > end - i - 1;
  }

  /** One that equals the last of its time is another; one of a block that comes again is a duplicate. */
  #quote(row: Row, quote: Quote, out: (row: Row) => void): void {
    const { ts, line } = row;
    if (ts > this.#now) return this.#account.refuse('implausible_time', line, () => 'it is in the future');
    this.#isRepeating = ts < this.#last || (this.#isRepeating && ts === this.#last);
    if (this.#isRepeating && this.#quotes.has(quote))
      this.#account.refuse('duplicate', line, () => `${new Date(ts).toISOString()} was read before`);
    else if (ts < this.#last) this.#account.refuse('out_of_order', line, () => this.#lateness(ts));
    else {
      this.#last = ts;
      this.#quotes.add(quote);
      out(row);
    }
  }

  #bar(row: Row & { readonly kind: 'bar' }, out: (row: Row) => void): void {
    const { ts, line, bar } = row;
    const held = this.#held;
    const isOnGrid = this.#grid.isOpen(ts);
    if (held !== undefined && ts > this.#last && ts < this.#grid.closeOf(held.bar.openTime)) {
      this.#account.refuse(
        'spacing',
        held.line,
        () => `the next row is ${lengthText(ts - held.bar.openTime)} later`,
      );
      this.#held = undefined;
    }
    if (!isOnGrid) {
      this.#account.refuse(
        'misaligned_time',
        line,
        () => `${new Date(Math.floor(ts)).toISOString()} begins no ${lengthText(this.#grid.lengthMs)} bar`,
      );
      return;
    }
    if (ts <= this.#last) return this.#repeated(ts, line, bar);
    if (Number.isFinite(this.#last)) {
      const fault = this.#watch.see(ts - this.#last);
      if (fault !== undefined)
        throw new SuhoError(
          'BAD_FILE',
          `${this.#name} is not all of ${lengthText(this.#grid.lengthMs)} bars: before line ${line} ${fault}.`,
        );
    }
    this.#release(out);
    this.#last = ts;
    this.#held = { line, bar };
    this.#recent.push(this.#held);
    if (this.#recent.length > 2 * REMEMBERED) this.#recent = this.#recent.slice(-REMEMBERED);
  }

  #repeated(ts: number, line: number, bar: Bar): void {
    let [low, high] = [0, this.#recent.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#recent[middle]!.bar.openTime < ts) low = middle + 1;
      else high = middle;
    }
    const known = this.#recent[low];
    if (known === undefined || known.bar.openTime !== ts)
      this.#account.refuse('out_of_order', line, () => this.#lateness(ts));
    else if (isSameBar(known.bar, bar))
      this.#account.refuse('duplicate', line, () => `the same as line ${known.line}`);
    else
      this.#account.refuse(
        'conflict',
        line,
        () => `${new Date(ts).toISOString()} is another in line ${known.line}`,
      );
  }

  #lateness(ts: number): string {
    return `${new Date(ts).toISOString()} comes after ${new Date(this.#last).toISOString()}`;
  }

  #release(out: (row: Row) => void): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const end = this.#grid.closeOf(held.bar.openTime);
    if (end > this.#now)
      this.#account.refuse(
        'unfinished',
        held.line,
        () => `it ends ${new Date(end).toISOString()}, which is to come`,
      );
    else out({ kind: 'bar', line: held.line, ts: held.bar.openTime, bar: held.bar });
  }

  /** The last bar was not finished if the file was written before its end. */
  #end(out: (row: Row) => void): void {
    const held = this.#held;
    const written = this.#modifiedAt;
    if (
      held !== undefined &&
      written !== undefined &&
      written >= held.bar.openTime &&
      written < this.#grid.closeOf(held.bar.openTime)
    ) {
      this.#account.refuse(
        'unfinished',
        held.line,
        () => `the file was written ${new Date(written).toISOString()}, before its end`,
      );
      this.#held = undefined;
    } else this.#release(out);
  }
}

/** For each row the least time of the rows after it. */
function leastAfter(rows: readonly Row[]): Float64Array {
  const least = new Float64Array(rows.length);
  let min = Infinity;
  for (let i = rows.length - 1; i >= 0; i--) {
    least[i] = min;
    min = Math.min(min, rows[i]!.ts);
  }
  return least;
}
