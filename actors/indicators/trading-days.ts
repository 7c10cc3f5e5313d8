import type { Kernel } from './kernel.js';
import { tradingDay } from '../market/trading-session.js';
import type { StateLayout } from './state.js';

const DAY = 0;
const HIGH = 1;
const LOW = 2;
const CLOSE = 3;
const PREVIOUS_HIGH = 4;
const PREVIOUS_LOW = 5;
const PREVIOUS_CLOSE = 6;
const DAYS = 7;
const VOLUME = 8;
const VALUE = 9;

/**
 * The trading day so far and the one before (FX days end 17:00 New York): the previous day's `high`, `low`
 * and `close` for classic pivots (NaN on the first day), and this day's volume-weighted average price in
 * `vwap`. A bar belongs to the day its open time falls in.
 */
export class TradingDays implements Kernel {
  readonly requiredInputs = 1;
  high = NaN;
  low = NaN;
  close = NaN;
  vwap = NaN;
  readonly #at: number;

  constructor(layout: StateLayout) {
    this.#at = layout.reserve(10);
  }

  /** `volume` 0 stands for an unknown one. */
  update(s: Float64Array, openTime: number, high: number, low: number, close: number, volume: number): void {
    const at = this.#at;
    const day = tradingDay(openTime);
    const first = s[at + DAYS] === 0;
    if (first || day !== s[at + DAY]) {
      s[at + PREVIOUS_HIGH] = s[at + HIGH]!;
      s[at + PREVIOUS_LOW] = s[at + LOW]!;
      s[at + PREVIOUS_CLOSE] = s[at + CLOSE]!;
      s[at + DAY] = day;
      s[at + DAYS] = s[at + DAYS]! + 1;
      s[at + HIGH] = high;
      s[at + LOW] = low;
      s[at + VOLUME] = 0;
      s[at + VALUE] = 0;
    } else {
      if (high > s[at + HIGH]!) s[at + HIGH] = high;
      if (low < s[at + LOW]!) s[at + LOW] = low;
    }
    s[at + CLOSE] = close;
    s[at + VOLUME] = s[at + VOLUME]! + volume;
    s[at + VALUE] = s[at + VALUE]! + ((high + low + close) / 3) * volume;
    const known = s[at + DAYS]! >= 2;
    this.high = known ? s[at + PREVIOUS_HIGH]! : NaN;
    this.low = known ? s[at + PREVIOUS_LOW]! : NaN;
    this.close = known ? s[at + PREVIOUS_CLOSE]! : NaN;
    this.vwap = s[at + VOLUME]! > 0 ? s[at + VALUE]! / s[at + VOLUME]! : close;
  }
}
