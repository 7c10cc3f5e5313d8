import { keeping, type History, type Ring } from './history.js';
import { DOMINANT, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** Windows after which the running sums are recomputed, as TA-Lib has it since 0.8. */
const RENEWAL_WINDOWS = 32;

/**
 * Least-squares line through the last `period` closes (x = 0..period − 1): `slope` (price a bar), `end` the line at
 * this bar, `forecast` at the next, `angle` of the slope in degrees, `r2` (0..1, 0 for a flat window).
 * Source: TA-Lib `LINEARREG`, `_SLOPE`, `_ANGLE`, `TSF`.
 *
 * A slope is a small difference of large sums: what rounding leaves, some 10⁻¹⁵ of the price, is 10⁻⁸ of an ordinary
 * slope. So the sums are TA-Lib's, operation for operation, recomputed when TA-Lib recomputes them. r2, which is
 * not TA-Lib's, is made of differences to the newest close and is exact.
 */
export class LinearRegression implements Kernel {
  readonly requiredInputs: number;
  slope = NaN;
  end = NaN;
  forecast = NaN;
  angle = NaN;
  r2 = NaN;
  readonly #at: number;
  readonly #history: History;
  readonly #closes: Ring;
  readonly #sumX: number;
  readonly #divisor: number;

  constructor(layout: StateLayout, history: History, period: number) {
    this.requiredInputs = period;
    // Σ x·y with x counted back from the newest, Σ y, bars until they are recomputed
    this.#at = layout.reserve(3);
    this.#history = history;
    this.#closes = keeping(history.closes, period + 1);
    this.#sumX = (period * (period - 1)) / 2;
    const sumXX = (period * (period - 1) * (2 * period - 1)) / 6;
    this.#divisor = this.#sumX * this.#sumX - period * sumXX;
  }

  update(s: Float64Array): void {
    const period = this.requiredInputs;
    const n = this.#history.bars;
    if (n < period) {
      this.slope = this.end = this.forecast = this.angle = this.r2 = NaN;
      return;
    }
    const at = this.#at;
    this.#slide(s, n);
    const sumY = s[at + 1]!;
    const slope = (period * s[at]! - this.#sumX * sumY) / this.#divisor;
    const intercept = (sumY - slope * this.#sumX) / period;
    this.slope = slope;
    this.end = intercept + slope * (period - 1);
    this.forecast = intercept + slope * period;
    this.angle = Math.atan(slope) * (180 / Math.PI);
    this.r2 = this.#determination(s, n);
  }

  #slide(s: Float64Array, n: number): void {
    const at = this.#at;
    const period = this.requiredInputs;
    const { base, mask } = this.#closes;
    if (n > period) {
      const newest = s[base + ((n - 1) & mask)]!;
      const left = s[base + ((n - 1 - period) & mask)]!;
      const weighted = period * left;
      s[at] = s[at]! + s[at + 1]! - weighted;
      s[at + 1] = s[at + 1]! - left + newest;
      s[at + 2] = s[at + 2]! - 1;
      if (s[at + 2]! > 0 && weighted <= DOMINANT * s[at + 1]!) return;
    }
    let sumXY = 0;
    let sumY = 0;
    for (let ago = period - 1; ago >= 0; ago--) {
      const y = s[base + ((n - 1 - ago) & mask)]!;
      sumY += y;
      sumXY += ago * y;
    }
    s[at] = sumXY;
    s[at + 1] = sumY;
    s[at + 2] = RENEWAL_WINDOWS * period;
  }

  #determination(s: Float64Array, n: number): number {
    const period = this.requiredInputs;
    const { base, mask } = this.#closes;
    const newest = s[base + ((n - 1) & mask)]!;
    const centre = (period - 1) / 2;
    let xy = 0;
    let y = 0;
    let yy = 0;
    for (let ago = 1; ago < period; ago++) {
      const difference = s[base + ((n - 1 - ago) & mask)]! - newest;
      xy += (centre - ago) * difference;
      y += difference;
      yy += difference * difference;
    }
    const total = yy - (y * y) / period;
    const squareX = (period * (period * period - 1)) / 12;
    return total <= 0 ? 0 : Math.min(1, (xy * xy) / squareX / total);
  }
}
