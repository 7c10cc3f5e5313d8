import { UTC_CALENDAR, type Calendar } from './calendar.js';
import { timeframeMs, type Timeframe } from './timeframe.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A timeframe, and the name of the calendar its bars lie on; without one UTC's. */
export interface TimeframeOfCalendar {
  readonly timeframe: Timeframe;
  readonly calendar?: string;
}

/** Whether the bars of a length depend on a calendar: up to an hour they begin on the hour everywhere. */
export function dependsOnCalendar(lengthMs: number): boolean {
  return lengthMs > HOUR_MS;
}

/** How a timeframe of a calendar is called in identities: "1h", "1d" for UTC's, "1d@fx". */
export function gridName({ timeframe, calendar }: TimeframeOfCalendar): string {
  const isPlain = calendar === undefined || calendar === UTC_CALENDAR.name;
  return isPlain || !dependsOnCalendar(timeframeMs(timeframe)) ? timeframe : `${timeframe}@${calendar}`;
}

/** Reads what {@link gridName} gives. */
export function readGridName(name: string): TimeframeOfCalendar {
  const [timeframe, calendar] = name.split('@') as [Timeframe, string | undefined];
  return calendar === undefined ? { timeframe } : { timeframe, calendar };
}

/**
 * When the bars of one length begin and end. Bars longer than an hour divide their calendar's days by its clocks, so that
 * one which holds a change of clocks is an hour longer or shorter; all others divide UTC's.
 */
export class BarGrid {
  /** Length of a bar that holds no change of clocks, in milliseconds. */
  readonly lengthMs: number;
  /** Length of the shortest bar. */
  readonly shortestMs: number;
  readonly calendar: Calendar;
  readonly #isUtc: boolean;
  /** The bar asked for last: most questions in a row are of one. */
  #open = 0;
  #close = 0;

  constructor(lengthMs: number, calendar: Calendar) {
    this.lengthMs = lengthMs;
    this.#isUtc = !dependsOnCalendar(lengthMs) || calendar.name === UTC_CALENDAR.name;
    this.calendar = this.#isUtc ? UTC_CALENDAR : calendar;
    this.shortestMs = this.#isUtc ? lengthMs : lengthMs - HOUR_MS;
  }

  static of(timeframe: Timeframe, calendar = UTC_CALENDAR): BarGrid {
    return new BarGrid(timeframeMs(timeframe), calendar);
  }

  /** Open time of the bar that holds `ts`. */
  openOf(ts: number): number {
    if (this.#isUtc) return Math.floor(ts / this.lengthMs) * this.lengthMs;
    this.#find(ts);
    return this.#open;
  }

  /** Close time of the bar that opens at `openTime`: where the next one opens. */
  closeOf(openTime: number): number {
    if (this.#isUtc) return openTime + this.lengthMs;
    this.#find(openTime);
    return this.#close;
  }

  /** Whether a bar opens at `ts`. */
  isOpen(ts: number): boolean {
    return this.openOf(ts) === ts;
  }

  #find(ts: number): void {
    if (ts >= this.#open && ts < this.#close) return;
    const { dayStartMs, offsetMs } = this.calendar;
    const local = ts + offsetMs(ts) - dayStartMs;
    let wall = Math.floor(local / this.lengthMs) * this.lengthMs + dayStartMs;
    // An hour that the clocks show twice belongs to the bar that the first one began.
    while (this.#instantOf(wall + this.lengthMs) <= ts) wall += this.lengthMs;
    while (this.#instantOf(wall) > ts) wall -= this.lengthMs;
    this.#open = this.#instantOf(wall);
    this.#close = this.#instantOf(wall + this.lengthMs);
  }

  /** The first moment at which the clocks show `wall` or, when they skip it, more. */
  #instantOf(wall: number): number {
    const { offsetMs } = this.calendar;
    const near = [offsetMs(wall - DAY_MS), offsetMs(wall + DAY_MS)] as const;
    const [least, most] = [Math.min(...near), Math.max(...near)];
    const first = wall - most;
    if (offsetMs(first) === most) return first;
    const second = wall - least;
    if (offsetMs(second) === least) return second;
    // In between the clocks are put forward, past `wall`.
    let [before, after] = [first, second];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offsetMs(middle) === most) after = middle;
      else before = middle;
    }
    return after;
  }
}
