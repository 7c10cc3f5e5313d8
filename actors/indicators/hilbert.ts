import type { StateLayout } from './state.js';

const A = 0.0962;
const B = 0.5769;
const RAD_TO_DEG = 180 / Math.PI;

// Slots of one filter for one parity: three delayed values, previous, previous input.
const FILTER = 5;
const FILTERS = 4;
const DETRENDER = 0;
const Q1 = 1;
const JI = 2;
const JQ = 3;

const BAR = 0;
const WMA_SUB = 1;
const WMA_SUM = 2;
const TRAILING = 3;
const WINDOW = 4; // last 4 prices
const HILBERT_INDEX = 8;
const PERIOD = 9;
const PREV_I2 = 10;
const PREV_Q2 = 11;
const RE = 12;
const IM = 13;
const I1_EVEN_2 = 14;
const I1_EVEN_3 = 15;
const I1_ODD_2 = 16;
const I1_ODD_3 = 17;
const PHASE_FILTERS = 18;
const SLOTS = PHASE_FILTERS + 2 * FILTERS * FILTER;

/**
 * Ehlers' Hilbert-transform cycle measurement, as TA-Lib's MAMA and HT functions share it: a 4-bar weighted
 * average, four FIR filters kept apart for even and odd bars, and the dominant period from the homodyne
 * discriminator. `start` is the bar at which the filters begin (12 for MAMA and HT_DCPERIOD, 37 for the
 * other HT functions). After `update`: `active` tells whether the filters have begun, `smoothed` is the
 * smoothed price, `period` the dominant period in bars before the last smoothing, `phase` the phase of the
 * in-phase and quadrature components in degrees. Source: Ehlers, "Rocket Science for Traders"; TA-Lib.
 */
export class HilbertCycle {
  active = false;
  smoothed = NaN;
  period = 0;
  phase = 0;
  readonly #at: number;
  readonly #start: number;

  constructor(layout: StateLayout, start: 12 | 37) {
    this.#at = layout.reserve(SLOTS);
    this.#start = start;
  }

  update(s: Float64Array, price: number): void {
    const at = this.#at;
    const bar = s[at + BAR]! | 0;
    s[at + BAR] = bar + 1;
    const smoothed = this.#smooth(s, bar, price);
    this.active = bar >= this.#start;
    if (!this.active) return;
    this.smoothed = smoothed;
    this.#filter(s, (bar & 1) as 0 | 1, smoothed);
  }

  #smooth(s: Float64Array, bar: number, price: number): number {
    const at = this.#at;
    const slot = at + WINDOW + (bar & 3);
    if (bar < 3) {
      s[at + WMA_SUB] = s[at + WMA_SUB]! + price;
      s[at + WMA_SUM] = s[at + WMA_SUM]! + price * (bar + 1);
      s[slot] = price;
      return NaN;
    }
    s[at + WMA_SUB] = s[at + WMA_SUB]! + price - s[at + TRAILING]!;
    s[at + WMA_SUM] = s[at + WMA_SUM]! + price * 4;
    s[at + TRAILING] = s[at + WINDOW + ((bar + 1) & 3)]!;
    s[slot] = price;
    const smoothed = s[at + WMA_SUM]! * 0.1;
    s[at + WMA_SUM] = s[at + WMA_SUM]! - s[at + WMA_SUB]!;
    return smoothed;
  }

  #filter(s: Float64Array, parity: 0 | 1, smoothed: number): void {
    const at = this.#at;
    const gain = 0.075 * s[at + PERIOD]! + 0.54;
    const filters = at + PHASE_FILTERS + parity * FILTERS * FILTER;
    const index = s[at + HILBERT_INDEX]!;
    const inPhase = s[at + (parity === 0 ? I1_EVEN_3 : I1_ODD_3)]!;
    const detrender = hilbert(s, filters + DETRENDER * FILTER, index, smoothed, gain);
    const quadrature = hilbert(s, filters + Q1 * FILTER, index, detrender, gain);
    const jI = hilbert(s, filters + JI * FILTER, index, inPhase, gain);
    const jQ = hilbert(s, filters + JQ * FILTER, index, quadrature, gain);
    const q2 = 0.2 * (quadrature + jI) + 0.8 * s[at + PREV_Q2]!;
    const i2 = 0.2 * (inPhase - jQ) + 0.8 * s[at + PREV_I2]!;
    if (parity === 0) {
      s[at + HILBERT_INDEX] = index === 2 ? 0 : index + 1;
      s[at + I1_ODD_3] = s[at + I1_ODD_2]!;
      s[at + I1_ODD_2] = detrender;
    } else {
      s[at + I1_EVEN_3] = s[at + I1_EVEN_2]!;
      s[at + I1_EVEN_2] = detrender;
    }
    this.phase = inPhase === 0 ? 0 : Math.atan(quadrature / inPhase) * RAD_TO_DEG;
    this.#dominantPeriod(s, i2, q2);
  }

  #dominantPeriod(s: Float64Array, i2: number, q2: number): void {
    const at = this.#at;
    const re = 0.2 * (i2 * s[at + PREV_I2]! + q2 * s[at + PREV_Q2]!) + 0.8 * s[at + RE]!;
    const im = 0.2 * (i2 * s[at + PREV_Q2]! - q2 * s[at + PREV_I2]!) + 0.8 * s[at + IM]!;
    s[at + RE] = re;
    s[at + IM] = im;
    s[at + PREV_Q2] = q2;
    s[at + PREV_I2] = i2;
    const previous = s[at + PERIOD]!;
    let period = previous;
    if (im !== 0 && re !== 0) period = 360 / (Math.atan(im / re) * RAD_TO_DEG);
    if (period > 1.5 * previous) period = 1.5 * previous;
    if (period < 0.67 * previous) period = 0.67 * previous;
    if (period < 6) period = 6;
    else if (period > 50) period = 50;
    period = 0.2 * period + 0.8 * previous;
    s[at + PERIOD] = period;
    this.period = period;
  }
}

/** One step of the 7-tap Hilbert transform for one parity; operation order as in TA-Lib. */
function hilbert(s: Float64Array, at: number, index: number, input: number, gain: number): number {
  const scaled = A * input;
  let output = -s[at + index]!;
  s[at + index] = scaled;
  output += scaled;
  output -= s[at + 3]!;
  s[at + 3] = B * s[at + 4]!;
  output += s[at + 3]!;
  s[at + 4] = input;
  return output * gain;
}
