import type { StateLayout } from './state.js';

/** Bars kept of each field; a power of two, above the longest window (200). */
export const HISTORY_BARS = 256;
const MASK = HISTORY_BARS - 1;

/** The fields every bar leaves in the history. */
export const FIELD = {
  open: 0,
  high: 1,
  low: 2,
  close: 3,
  volume: 4,
  logReturn: 5,
  trueRange: 6,
  typical: 7,
} as const;
export type Field = (typeof FIELD)[keyof typeof FIELD];
const FIELDS = 8;

/**
 * The last 256 bars of a series, one ring a field, shared by all windowed kernels so that a price is stored
 * once. `count` is the number of bars seen; the newest bar is 0 ago.
 */
export class History {
  readonly #at: number;

  constructor(layout: StateLayout) {
    this.#at = layout.reserve(1 + FIELDS * HISTORY_BARS);
  }

  count(s: Float64Array): number {
    return s[this.#at]! | 0;
  }

  /** Index in the state of the first slot of a field's ring; slot of a bar is `base + (barNumber & 255)`. */
  base(field: Field): number {
    return this.#at + 1 + field * HISTORY_BARS;
  }

  /** Value of a field `ago` bars back (0 = newest, at most 255). */
  value(s: Float64Array, field: Field, ago: number): number {
    return s[this.#at + 1 + field * HISTORY_BARS + (((s[this.#at]! | 0) - 1 - ago) & MASK)]!;
  }

  /** Appends a bar. `logReturn` and `trueRange` are NaN on the first. */
  push(s: Float64Array, open: number, high: number, low: number, close: number, volume: number): void {
    const at = this.#at;
    const n = s[at]! | 0;
    const slot = at + 1 + (n & MASK);
    const previousClose = n > 0 ? s[at + 1 + FIELD.close * HISTORY_BARS + ((n - 1) & MASK)]! : NaN;
    s[slot] = open;
    s[slot + FIELD.high * HISTORY_BARS] = high;
    s[slot + FIELD.low * HISTORY_BARS] = low;
    s[slot + FIELD.close * HISTORY_BARS] = close;
    s[slot + FIELD.volume * HISTORY_BARS] = volume;
    s[slot + FIELD.logReturn * HISTORY_BARS] = Math.log(close / previousClose);
    s[slot + FIELD.trueRange * HISTORY_BARS] =
      n > 0 ? Math.max(high - low, Math.abs(high - previousClose), Math.abs(low - previousClose)) : NaN;
    s[slot + FIELD.typical * HISTORY_BARS] = (high + low + close) / 3;
    s[at] = n + 1;
  }
}
