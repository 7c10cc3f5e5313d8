import type { History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Wilder's directional movement: `plusDm`, `minusDm` (price), `plusDi`, `minusDi`, `dx`, `adx`, `adxr` (0..100).
 * Source: Wilder 1978; TA-Lib `PLUS_DM`, `MINUS_DM`, `PLUS_DI`, `MINUS_DI`, `DX`, `ADX`, `ADXR`: the sums
 * start with period − 1 movements, each later one replaces 1/period of them, ADX starts as the mean of the
 * first `period` DX, and a DX without movement repeats the one before.
 */
export class DirectionalMovement implements Kernel {
  readonly requiredInputs: number;
  plusDm = NaN;
  minusDm = NaN;
  plusDi = NaN;
  minusDi = NaN;
  dx = NaN;
  adx = NaN;
  adxr = NaN;
  readonly #at: number;
  readonly #period: number;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, period: number) {
    this.#period = period;
    this.#history = history;
    // +DM, −DM, TR, last DX, sum or value of ADX, then the last `period` ADX for ADXR.
    this.#at = layout.reserve(5 + period);
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array): void {
    const at = this.#at;
    const period = this.#period;
    const history = this.#history;
    const bar = history.bars - 1;
    this.plusDm = this.minusDm = this.plusDi = this.minusDi = this.dx = this.adx = this.adxr = NaN;
    if (bar < 1) return;
    const up = history.high(s, 0) - history.high(s, 1);
    const down = history.low(s, 1) - history.low(s, 0);
    const plus = up > 0 && up > down ? up : 0;
    const minus = down > 0 && up < down ? down : 0;
    const range = history.trueRange(s, 0);
    if (bar < period) {
      s[at] = s[at]! + plus;
      s[at + 1] = s[at + 1]! + minus;
      s[at + 2] = s[at + 2]! + range;
    } else {
      s[at] = s[at]! - s[at]! / period + plus;
      s[at + 1] = s[at + 1]! - s[at + 1]! / period + minus;
      s[at + 2] = s[at + 2]! - s[at + 2]! / period + range;
    }
    if (bar < period - 1) return;
    this.plusDm = s[at]!;
    this.minusDm = s[at + 1]!;
    if (bar < period) return;
    this.#indices(s, bar);
  }

  #indices(s: Float64Array, bar: number): void {
    const at = this.#at;
    const period = this.#period;
    const range = s[at + 2]!;
    const flat = range === 0;
    this.plusDi = flat ? 0 : 100 * (s[at]! / range);
    this.minusDi = flat ? 0 : 100 * (s[at + 1]! / range);
    const sum = this.plusDi + this.minusDi;
    const moved = !flat && sum >= 1e-14;
    if (moved) s[at + 3] = 100 * (Math.abs(this.minusDi - this.plusDi) / sum);
    this.dx = s[at + 3]!;
    const adxBar = 2 * period - 1;
    if (bar < adxBar) {
      if (moved) s[at + 4] = s[at + 4]! + this.dx;
      return;
    }
    if (bar === adxBar) {
      s[at + 4] = (s[at + 4]! + (moved ? this.dx : 0)) / period;
    } else if (moved) {
      s[at + 4] = (s[at + 4]! * (period - 1) + this.dx) / period;
    }
    this.adx = s[at + 4]!;
    // ADXR: mean of this ADX and the one period − 1 bars before.
    const slot = at + 5 + ((bar - adxBar) % period);
    s[slot] = this.adx;
    if (bar >= adxBar + period - 1) {
      const oldest = at + 5 + ((bar - adxBar + 1) % period);
      this.adxr = (this.adx + s[oldest]!) / 2;
    }
  }
}
