import { FIELD, HISTORY_BARS, type History } from '../history.js';
import type { StateLayout } from '../state.js';

const MASK = HISTORY_BARS - 1;

/** TA-Lib's default candle settings: what is measured, over how many bars before the candle, times what. */
export const SETTING = {
  bodyLong: 0,
  bodyVeryLong: 1,
  bodyShort: 2,
  bodyDoji: 3,
  shadowLong: 4,
  shadowVeryLong: 5,
  shadowShort: 6,
  shadowVeryShort: 7,
  near: 8,
  far: 9,
  equal: 10,
} as const;
export type Setting = (typeof SETTING)[keyof typeof SETTING];

const BODY = 0;
const RANGE = 1;
const SHADOWS = 2;
const RANGE_5 = 3;
/** Sums kept a bar: bodies, ranges and shadows of the 10 bars before it, ranges of the 5 before it. */
const SUMS = 4;
/** Bars of sums kept; a power of two above the longest pattern. */
const KEPT = 16;

/**
 * The last candles of a series with TA-Lib's rolling averages of body, range and shadows, for the pattern
 * functions to read: `ago` 0 is the newest bar.
 */
export class Candles {
  readonly #history: History;
  readonly #at: number;
  readonly #opens: number;
  readonly #highs: number;
  readonly #lows: number;
  readonly #closes: number;
  /** The series' state and bar count during a call; never state themselves. */
  #s: Float64Array = new Float64Array(0);
  #n = 0;

  constructor(layout: StateLayout, history: History) {
    this.#history = history;
    this.#at = layout.reserve(SUMS * (1 + KEPT));
    this.#opens = history.base(FIELD.open);
    this.#highs = history.base(FIELD.high);
    this.#lows = history.base(FIELD.low);
    this.#closes = history.base(FIELD.close);
  }

  /** Number of bars seen, the newest included. */
  get bars(): number {
    return this.#n;
  }

  /** Takes up the newest bar of the history. */
  update(s: Float64Array): void {
    this.#s = s;
    const n = this.#history.count(s);
    this.#n = n;
    const at = this.#at;
    // The sums belong to the newest bar, so they take in the one before it and let go the one before those.
    const kept = at + SUMS + ((n - 1) & (KEPT - 1)) * SUMS;
    if (n > 1) {
      s[at + BODY] = s[at + BODY]! + this.body(1) - (n > 11 ? this.body(11) : 0);
      s[at + RANGE] = s[at + RANGE]! + this.range(1) - (n > 11 ? this.range(11) : 0);
      s[at + SHADOWS] = s[at + SHADOWS]! + this.shadows(1) - (n > 11 ? this.shadows(11) : 0);
      s[at + RANGE_5] = s[at + RANGE_5]! + this.range(1) - (n > 6 ? this.range(6) : 0);
    }
    s[kept] = s[at]!;
    s[kept + 1] = s[at + 1]!;
    s[kept + 2] = s[at + 2]!;
    s[kept + 3] = s[at + 3]!;
  }

  open(ago: number): number {
    return this.#s[this.#opens + ((this.#n - 1 - ago) & MASK)]!;
  }
  high(ago: number): number {
    return this.#s[this.#highs + ((this.#n - 1 - ago) & MASK)]!;
  }
  low(ago: number): number {
    return this.#s[this.#lows + ((this.#n - 1 - ago) & MASK)]!;
  }
  close(ago: number): number {
    return this.#s[this.#closes + ((this.#n - 1 - ago) & MASK)]!;
  }
  /** Length of the real body. */
  body(ago: number): number {
    return Math.abs(this.close(ago) - this.open(ago));
  }
  range(ago: number): number {
    return this.high(ago) - this.low(ago);
  }
  upperShadow(ago: number): number {
    return this.high(ago) - (this.close(ago) >= this.open(ago) ? this.close(ago) : this.open(ago));
  }
  lowerShadow(ago: number): number {
    return (this.close(ago) >= this.open(ago) ? this.open(ago) : this.close(ago)) - this.low(ago);
  }
  /** Length of both shadows together. */
  shadows(ago: number): number {
    return this.upperShadow(ago) + this.lowerShadow(ago);
  }
  /** +1 for a white candle (close at or above the open), −1 for a black one. */
  color(ago: number): 1 | -1 {
    return this.close(ago) >= this.open(ago) ? 1 : -1;
  }

  /** Threshold of a candle setting for the bar `ago`: TA-Lib's `TA_CANDLEAVERAGE`. */
  average(setting: Setting, ago: number): number {
    const sums = this.#at + SUMS + ((this.#n - 1 - ago) & (KEPT - 1)) * SUMS;
    const s = this.#s;
    switch (setting) {
      case SETTING.bodyLong:
      case SETTING.bodyShort:
        return s[sums + BODY]! / 10;
      case SETTING.bodyVeryLong:
        return (3 * s[sums + BODY]!) / 10;
      case SETTING.bodyDoji:
      case SETTING.shadowVeryShort:
        return (0.1 * s[sums + RANGE]!) / 10;
      case SETTING.shadowLong:
        return this.body(ago);
      case SETTING.shadowVeryLong:
        return 2 * this.body(ago);
      case SETTING.shadowShort:
        return s[sums + SHADOWS]! / 10 / 2;
      case SETTING.near:
        return 0.2 * (s[sums + RANGE_5]! / 5);
      case SETTING.far:
        return 0.6 * (s[sums + RANGE_5]! / 5);
      case SETTING.equal:
        return 0.05 * (s[sums + RANGE_5]! / 5);
    }
  }

  /** Whether the real body of `ago` lies wholly above that of `earlier`. */
  bodyGapUp(ago: number, earlier: number): boolean {
    return Math.min(this.open(ago), this.close(ago)) > Math.max(this.open(earlier), this.close(earlier));
  }
  /** Whether the real body of `ago` lies wholly below that of `earlier`. */
  bodyGapDown(ago: number, earlier: number): boolean {
    return Math.max(this.open(ago), this.close(ago)) < Math.min(this.open(earlier), this.close(earlier));
  }
  /** Whether the whole candle of `ago` lies above that of `earlier`. */
  gapUp(ago: number, earlier: number): boolean {
    return this.low(ago) > this.high(earlier);
  }
  /** Whether the whole candle of `ago` lies below that of `earlier`. */
  gapDown(ago: number, earlier: number): boolean {
    return this.high(ago) < this.low(earlier);
  }
}
