import { FEATURE_SET_VERSION, columnOf } from './features/catalogue.js';
import { FEATURE_STATE_REVISION, FeatureEngine } from './features/feature-engine.js';
import { Labeler, type Label } from './features/labels.js';
import { SEQUENCE_VERSION, SequenceChannels } from './features/sequence-channels.js';
import { StateLayout } from './indicators/state.js';
import { barDefect, type Bar, type RejectReason } from './market/bar.js';
import { BarBuilder } from './market/bar-builder.js';
import { BarGrid, gridName } from './market/bar-grid.js';
import type { Calendar } from './market/calendar.js';
import { quoteDefect, type PriceBasis, type Quote } from './market/quote.js';
import type { Timeframe } from './market/timeframe.js';

const ATR_COLUMN = columnOf('atr_14');
/** Quotes of one moment that are remembered, so that the last ones sent again are known; more are taken as new. */
const SAME_MOMENT_MAX = 64;

/** What becomes of a bar or a quote: `behind` ones are of a time that is over, `repeated` ones were taken before. */
export type Admission = 'accepted' | 'behind' | 'repeated' | RejectReason;

/** Where the accepted input of a series ends, as plain data. */
export interface CursorState {
  /** End of the last bar that is closed, −Infinity before the first. Nothing before it can be applied any more. */
  readonly closedThrough: number;
  /** Open time of the bar that quotes are building, undefined when there is none. */
  readonly openBarTime: number | undefined;
  /** Time of the newest quote, −Infinity before the first. */
  readonly lastQuoteTime: number;
  /** Bid, ask and sizes of the quotes of that time. */
  readonly lastQuotes: readonly number[];
  /** Time of the newest clock that closed a bar, −Infinity before the first. */
  readonly clock: number;
}

const START: CursorState = {
  closedThrough: -Infinity,
  openBarTime: undefined,
  lastQuoteTime: -Infinity,
  lastQuotes: [],
  clock: -Infinity,
};

/**
 * Decides what a series can still take: one order for bars, quotes and the clock together. It follows from the inputs
 * alone, and what it accepts its series applies.
 */
export class SeriesCursor {
  readonly #grid: BarGrid;
  #closedThrough: number;
  #openBarTime: number | undefined;
  #lastQuoteTime: number;
  #lastQuotes: number[];
  #clock: number;

  constructor(grid: BarGrid, state: CursorState = START) {
    this.#grid = grid;
    this.#closedThrough = state.closedThrough;
    this.#openBarTime = state.openBarTime;
    this.#lastQuoteTime = state.lastQuoteTime;
    this.#lastQuotes = [...state.lastQuotes];
    this.#clock = state.clock;
  }

  get state(): CursorState {
    return {
      closedThrough: this.#closedThrough,
      openBarTime: this.#openBarTime,
      lastQuoteTime: this.#lastQuoteTime,
      lastQuotes: [...this.#lastQuotes],
      clock: this.#clock,
    };
  }

  /** End of the last closed bar, −Infinity before the first. */
  get closedThrough(): number {
    return this.#closedThrough;
  }

  /** Time of the newest quote or end of the newest bar, −Infinity before the first. */
  get newest(): number {
    return Math.max(this.#closedThrough, this.#lastQuoteTime);
  }

  /** A closed bar. One that quotes are building, or have built, is behind: the quotes stand. */
  admitBar(bar: Bar): Admission {
    const defect = barDefect(bar, this.#grid);
    if (defect !== undefined) return defect;
    if (bar.openTime < this.#closedThrough) return 'behind';
    if (this.#openBarTime !== undefined && bar.openTime <= this.#openBarTime) return 'behind';
    this.#closedThrough = this.#grid.closeOf(bar.openTime);
    this.#openBarTime = undefined;
    return 'accepted';
  }

  /** A quote. Several of one time are taken in the order they come; of those, one equal to an earlier is `repeated` if `mayRepeat`. */
  admitQuote(quote: Quote, mayRepeat: boolean): Admission {
    const defect = quoteDefect(quote);
    if (defect !== undefined) return defect;
    const { ts } = quote;
    if (ts < this.#closedThrough || ts < this.#lastQuoteTime) return 'behind';
    if (mayRepeat && ts === this.#lastQuoteTime && this.#holds(quote)) return 'repeated';
    const openBarTime = this.#grid.openOf(ts);
    if (this.#openBarTime !== undefined && openBarTime > this.#openBarTime)
      this.#closedThrough = this.#grid.closeOf(this.#openBarTime);
    this.#openBarTime = openBarTime;
    if (ts > this.#lastQuoteTime) this.#lastQuotes = [];
    if (this.#lastQuotes.length < SAME_MOMENT_MAX * 4)
      this.#lastQuotes.push(quote.bid, quote.ask, quote.bidSize, quote.askSize);
    this.#lastQuoteTime = ts;
    return 'accepted';
  }

  /** Whether a bar is under construction whose time is over at `now`. */
  isDue(now: number): boolean {
    return this.#openBarTime !== undefined && now >= this.#grid.closeOf(this.#openBarTime);
  }

  /** The bar under construction closes, if its time is over at `now`. */
  admitClock(now: number): void {
    if (!this.isDue(now)) return;
    this.#closedThrough = this.#grid.closeOf(this.#openBarTime!);
    this.#openBarTime = undefined;
    this.#clock = now;
  }

  #holds({ bid, ask, bidSize, askSize }: Quote): boolean {
    const quotes = this.#lastQuotes;
    for (let i = 0; i < quotes.length; i += 4) {
      if (
        quotes[i] === bid &&
        quotes[i + 1] === ask &&
        Object.is(quotes[i + 2], bidSize) &&
        Object.is(quotes[i + 3], askSize)
      )
        return true;
    }
    return false;
  }
}

/**
 * What all series of one timeframe, calendar and price basis share: code, no state. One step of a series is here and nowhere
 * else; live, backfill, verify and replay all take it.
 */
export class SeriesMachine {
  readonly timeframe: Timeframe;
  readonly basis: PriceBasis;
  readonly grid: BarGrid;
  readonly builder: BarBuilder;
  readonly features: FeatureEngine;
  readonly sequence: SequenceChannels;
  /** Numbers of state a series has. */
  readonly stateSize: number;
  /** Name of the state's layout, for snapshots. */
  readonly layout: string;
  readonly #labeler: Labeler;
  /** Slot of the number of bars taken, then of the open time of the last. */
  readonly #barsAt: number;

  constructor(timeframe: Timeframe, basis: PriceBasis, calendar?: Calendar) {
    const layout = new StateLayout();
    this.timeframe = timeframe;
    this.basis = basis;
    this.grid = BarGrid.of(timeframe, calendar);
    this.#barsAt = layout.reserve(2);
    this.builder = new BarBuilder(layout, this.grid, basis);
    this.features = new FeatureEngine(this.grid, layout);
    this.#labeler = new Labeler(layout, this.grid);
    this.sequence = new SequenceChannels(layout);
    this.stateSize = layout.size;
    this.layout = `series/${gridName({ timeframe, calendar: this.grid.calendar.name })}/${basis}/${FEATURE_SET_VERSION}/${FEATURE_STATE_REVISION}/${SEQUENCE_VERSION}/${layout.size}`;
  }

  /** Bars taken so far. */
  bars(s: Float64Array): number {
    return s[this.#barsAt]!;
  }

  /** Open time of the last closed bar, NaN before the first. */
  lastBarTime(s: Float64Array): number {
    return this.bars(s) === 0 ? NaN : s[this.#barsAt + 1]!;
  }

  /** Close time of the last closed bar, NaN before the first. */
  closedThrough(s: Float64Array): number {
    return this.bars(s) === 0 ? NaN : this.grid.closeOf(this.lastBarTime(s));
  }

  /** Where a state's input ends, as far as the state knows. */
  cursor(s: Float64Array): SeriesCursor {
    const bars = this.bars(s);
    return new SeriesCursor(this.grid, {
      closedThrough: bars === 0 ? -Infinity : this.closedThrough(s),
      openBarTime: this.builder.openBarTime(s),
      lastQuoteTime: this.builder.lastInputTime(s) || -Infinity,
      lastQuotes: [],
      clock: -Infinity,
    });
  }

  /**
   * Takes a closed bar: its features are in `features.row` then, its quality in `features.quality`. Calls `resolved` for
   * each label of earlier bars that it makes known, with an object that is reused. Throws when the bar is not after
   * the last.
   */
  close(s: Float64Array, bar: Bar, resolved: (label: Readonly<Label>) => void): void {
    const barsAt = this.#barsAt;
    if (s[barsAt]! > 0 && bar.openTime <= s[barsAt + 1]!)
      throw new Error(`Bar ${bar.openTime} is not after ${s[barsAt + 1]!}.`);
    s[barsAt] = s[barsAt]! + 1;
    s[barsAt + 1] = bar.openTime;
    this.features.update(s, bar);
    this.sequence.update(s, bar, this.features);
    this.#labeler.update(s, bar, this.features.row[ATR_COLUMN]!, resolved);
  }
}

/**
 * Bars and quotes in, closed bars out: what can be applied is, the rest is told apart. For sources that are read from
 * their beginning in one piece, such as files.
 */
export class BarAssembler {
  readonly #cursor: SeriesCursor;
  readonly #builder: BarBuilder;
  readonly #state: Float64Array;

  /** `source` is the grid of the bars that come in; those that go out are of `grid`, the same or a coarser one. */
  constructor(grid: BarGrid, source: BarGrid, basis: PriceBasis) {
    const layout = new StateLayout();
    this.#cursor = new SeriesCursor(source);
    this.#builder = new BarBuilder(layout, grid, basis);
    this.#state = new Float64Array(layout.size);
  }

  /** Takes a bar of the length that goes out; `closed` is told it, after one that quotes had left open. */
  addBar(bar: Bar, closed: (bar: Bar) => void): Admission {
    const admission = this.#cursor.admitBar(bar);
    if (admission !== 'accepted') return admission;
    const open = this.#builder.closeDue(this.#state, bar.openTime);
    if (open !== undefined) closed(open);
    closed(bar);
    return admission;
  }

  /** Takes a shorter bar; `closed` is told of the bar it closed, if it closed one. */
  addShorterBar(bar: Bar, closed: (bar: Bar) => void): Admission {
    const admission = this.#cursor.admitBar(bar);
    if (admission !== 'accepted') return admission;
    const before = this.#builder.addBar(this.#state, bar);
    if (before !== undefined) closed(before);
    return admission;
  }

  addQuote(quote: Quote, closed: (bar: Bar) => void): Admission {
    const admission = this.#cursor.admitQuote(quote, false);
    if (admission !== 'accepted') return admission;
    const before = this.#builder.addQuote(this.#state, quote);
    if (before !== undefined) closed(before);
    return admission;
  }

  /** Closes the bar under construction: the source is over. */
  finish(closed: (bar: Bar) => void): void {
    const open = this.#builder.closeDue(this.#state, Infinity);
    if (open !== undefined) closed(open);
  }
}
