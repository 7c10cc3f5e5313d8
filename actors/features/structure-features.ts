import { ratio } from '../indicators/kernel.js';
import type { StateLayout } from '../indicators/state.js';
import { Swings } from '../indicators/swings.js';
import { specs, type ColumnOf } from './feature.js';
import type { MarketState } from './market-state.js';

/** Two levels this close, in ATR, are the same level. */
const TOUCH_ATR = 0.5;

export const STRUCTURE_FEATURES = specs('structure', [
  ['pivot_p', 'price', 'price', 2, '(high + low + close) / 3 of the previous trading day'],
  ['pivot_r1', 'price', 'price', 2, '2·p − low'],
  ['pivot_r2', 'price', 'price', 2, 'p + (high − low)'],
  ['pivot_r3', 'price', 'price', 2, 'high + 2·(p − low)'],
  ['pivot_s1', 'price', 'price', 2, '2·p − high'],
  ['pivot_s2', 'price', 'price', 2, 'p − (high − low)'],
  ['pivot_s3', 'price', 'price', 2, 'low − 2·(high − p)'],
  ['swing_high', 'price', 'price', 5, 'Last high beyond the two bars on either side'],
  ['swing_low', 'price', 'price', 5, 'Last low beyond the two bars on either side'],
  ['bars_since_swing_high', 'raw', 'bars', 5, 'Bars since that high'],
  ['bars_since_swing_low', 'raw', 'bars', 5, 'Bars since that low'],
  [
    'support_distance_atr',
    'raw',
    'ATR',
    15,
    'close − nearest of the last 20 swings at or below it; NaN when none',
  ],
  [
    'resistance_distance_atr',
    'raw',
    'ATR',
    15,
    'Nearest of the last 20 swings above the close − close; NaN when none',
  ],
  ['support_touches', 'raw', 'count', 15, 'Swings of the last 20 within 0.5 ATR of the support'],
  ['resistance_touches', 'raw', 'count', 15, 'Swings of the last 20 within 0.5 ATR of the resistance'],
  ['higher_high', 'flag', '0/1', 5, 'The last swing high is above the one before'],
  ['higher_low', 'flag', '0/1', 5, 'The last swing low is above the one before'],
  ['lower_high', 'flag', '0/1', 5, 'The last swing high is below the one before'],
  ['lower_low', 'flag', '0/1', 5, 'The last swing low is below the one before'],
  ['structure_trend', 'flag', '−1/0/1', 5, '+1 higher high and higher low, −1 lower high and lower low'],
  ['fib_position', 'raw', 'ratio', 5, '(close − swing_low) / (swing_high − swing_low); 0.5 when equal'],
  ['midprice_20', 'price', 'price', 20, '(highest high + lowest low of 20 bars) / 2', 'MIDPRICE'],
  [
    'position_in_range_100',
    'raw',
    '0..1',
    100,
    '(close − lowest low) / (highest high − lowest low) of 100 bars; 0.5 when flat',
  ],
  ['bars_since_high_100', 'raw', 'bars', 100, 'Bars since the 100-bar high'],
  ['bars_since_low_100', 'raw', 'bars', 100, 'Bars since the 100-bar low'],
]);

/** Pivots, swings, levels and the place in the range. */
export class StructureFeatures {
  readonly #first: number;
  readonly #swings: Swings;

  constructor(layout: StateLayout, m: MarketState, columnOf: ColumnOf) {
    this.#first = columnOf('pivot_p');
    this.#swings = new Swings(layout, m.history);
  }

  update(s: Float64Array, m: MarketState, out: Float64Array): void {
    const at = this.#first;
    const { high, low, close } = m.days;
    const pivot = (high + low + close) / 3;
    out[at] = pivot;
    out[at + 1] = 2 * pivot - low;
    out[at + 2] = pivot + (high - low);
    out[at + 3] = high + 2 * (pivot - low);
    out[at + 4] = 2 * pivot - high;
    out[at + 5] = pivot - (high - low);
    out[at + 6] = low - 2 * (high - pivot);
    this.#swingFeatures(s, m, out, at + 7);
    const upper = m.highest100.value;
    const lower = m.lowest100.value;
    out[at + 21] = (m.highest20.value + m.lowest20.value) / 2;
    out[at + 22] = upper === lower ? 0.5 : (m.close - lower) / (upper - lower);
    out[at + 23] = m.highest100.ago;
    out[at + 24] = m.lowest100.ago;
  }

  #swingFeatures(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const w = this.#swings;
    w.update(s, m.close, TOUCH_ATR * m.atr14);
    const known = m.atr14 === m.atr14;
    out[at] = w.high;
    out[at + 1] = w.low;
    out[at + 2] = w.barsSinceHigh;
    out[at + 3] = w.barsSinceLow;
    out[at + 4] = m.inAtr(m.close - w.support);
    out[at + 5] = m.inAtr(w.resistance - m.close);
    out[at + 6] = known ? w.supportTouches : NaN;
    out[at + 7] = known ? w.resistanceTouches : NaN;
    const twoHighs = w.previousHigh === w.previousHigh;
    const twoLows = w.previousLow === w.previousLow;
    const higherHigh = w.high > w.previousHigh ? 1 : 0;
    const higherLow = w.low > w.previousLow ? 1 : 0;
    const lowerHigh = w.high < w.previousHigh ? 1 : 0;
    const lowerLow = w.low < w.previousLow ? 1 : 0;
    out[at + 8] = twoHighs ? higherHigh : NaN;
    out[at + 9] = twoLows ? higherLow : NaN;
    out[at + 10] = twoHighs ? lowerHigh : NaN;
    out[at + 11] = twoLows ? lowerLow : NaN;
    out[at + 12] = twoHighs && twoLows ? higherHigh * higherLow - lowerHigh * lowerLow : NaN;
    out[at + 13] = w.high === w.low ? 0.5 : ratio(m.close - w.low, w.high - w.low);
  }
}
