import type { Bar } from './bar.js';
import type { BarGrid } from './bar-grid.js';
import { quotePrice, type PriceBasis, type Quote } from './quote.js';
import type { StateLayout } from '../indicators/state.js';

const OPEN_TIME = 0;
const OPEN = 1;
const HIGH = 2;
const LOW = 3;
const CLOSE = 4;
const VOLUME = 5;
const TICKS = 6;
const BID = 7;
const ASK = 8;
const ACTIVE = 9;
const LAST_TS = 10;
const SLOTS = 11;

/**
 * Builds bars of one length from quotes or from shorter bars. All state lies in the series' own array, so
 * a snapshot of the series holds the open bar too.
 *
 * A bar closes when an input of a later bar arrives, or when {@link closeDue} is told that its time is over.
 * A bar time without any input makes no bar.
 */
export class BarBuilder {
  readonly #at: number;
  readonly #grid: BarGrid;
  readonly #basis: PriceBasis;

  constructor(layout: StateLayout, grid: BarGrid, basis: PriceBasis) {
    this.#at = layout.reserve(SLOTS);
    this.#grid = grid;
    this.#basis = basis;
  }

  /** Time of the newest input taken, 0 before the first. */
  lastInputTime(s: Float64Array): number {
    return s[this.#at + LAST_TS]!;
  }

  /** Open time of the bar under construction, undefined when there is none. */
  openBarTime(s: Float64Array): number | undefined {
    return s[this.#at + ACTIVE] === 1 ? s[this.#at + OPEN_TIME] : undefined;
  }

  /** Takes a quote; returns the bar it closed, if it closed one. The quote must not be older than the last. */
  addQuote(s: Float64Array, quote: Quote): Bar | undefined {
    const price = quotePrice(quote, this.#basis);
    const closed = this.closeDue(s, quote.ts);
    const at = this.#at;
    this.#merge(s, quote.ts, price, price, price, price);
    s[at + TICKS] = s[at + TICKS]! + 1;
    s[at + BID] = quote.bid;
    s[at + ASK] = quote.ask;
    s[at + LAST_TS] = quote.ts;
    return closed;
  }

  /** Takes a shorter closed bar; returns the bar that is complete with it or by it. */
  addBar(s: Float64Array, bar: Bar): Bar | undefined {
    const closed = this.closeDue(s, bar.openTime);
    const at = this.#at;
    const fresh = s[at + ACTIVE] !== 1;
    this.#merge(s, bar.openTime, bar.open, bar.high, bar.low, bar.close);
    s[at + VOLUME] = fresh ? bar.volume : s[at + VOLUME]! + bar.volume;
    s[at + TICKS] = fresh ? bar.tickCount : s[at + TICKS]! + bar.tickCount;
    s[at + BID] = bar.bid;
    s[at + ASK] = bar.ask;
    s[at + LAST_TS] = bar.openTime;
    return closed;
  }

  /** Closes the open bar if its time is over at `now`; returns it. */
  closeDue(s: Float64Array, now: number): Bar | undefined {
    const at = this.#at;
    if (s[at + ACTIVE] !== 1 || now < this.#grid.closeOf(s[at + OPEN_TIME]!)) return undefined;
    const bar = this.openBar(s);
    // Nothing of it stays, so that the same closed bars give the same state however they came.
    s.fill(0, at, at + LAST_TS);
    return bar;
  }

  /** Puts back what {@link openBar} and {@link lastInputTime} gave. */
  restore(s: Float64Array, bar: Bar | undefined, lastInputTime: number): void {
    s[this.#at + LAST_TS] = lastInputTime;
    if (bar === undefined) return;
    const { openTime, open, high, low, close, volume, tickCount, bid, ask } = bar;
    s.set([openTime, open, high, low, close, volume, tickCount, bid, ask, 1], this.#at);
  }

  /** The bar under construction as it is now, undefined when there is none. */
  openBar(s: Float64Array): Bar | undefined {
    const at = this.#at;
    if (s[at + ACTIVE] !== 1) return undefined;
    return {
      openTime: s[at + OPEN_TIME]!,
      open: s[at + OPEN]!,
      high: s[at + HIGH]!,
      low: s[at + LOW]!,
      close: s[at + CLOSE]!,
      volume: s[at + VOLUME]!,
      tickCount: s[at + TICKS]!,
      bid: s[at + BID]!,
      ask: s[at + ASK]!,
    };
  }

  #merge(s: Float64Array, ts: number, open: number, high: number, low: number, close: number): void {
    const at = this.#at;
    if (s[at + ACTIVE] !== 1) {
      s[at + ACTIVE] = 1;
      s[at + OPEN_TIME] = this.#grid.openOf(ts);
      s[at + OPEN] = open;
      s[at + HIGH] = high;
      s[at + LOW] = low;
      s[at + CLOSE] = close;
      s[at + VOLUME] = NaN;
      s[at + TICKS] = 0;
      return;
    }
    if (high > s[at + HIGH]!) s[at + HIGH] = high;
    if (low < s[at + LOW]!) s[at + LOW] = low;
    s[at + CLOSE] = close;
  }
}
