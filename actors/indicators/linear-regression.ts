import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';

/**
 * Least-squares line through the last `period` closes (x = 0..period − 1): `slope` (price a bar), `intercept`
 * at x = 0, `end` the line at this bar, `forecast` at the next, `angle` of the slope in degrees, `r2` (0..1,
 * 0 for a flat window). Source: TA-Lib `LINEARREG`, `_SLOPE`, `_ANGLE`, `TSF`.
 */
export class LinearRegression implements Kernel {
  readonly requiredInputs: number;
  slope = NaN;
  end = NaN;
  forecast = NaN;
  angle = NaN;
  r2 = NaN;
  readonly #history: History;
  readonly #closes: Ring;
  readonly #sumX: number;
  readonly #divisor: number;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
    this.#closes = keeping(history.closes, period);
    this.#sumX = (period * (period - 1)) / 2;
    const sumXX = (period * (period - 1) * (2 * period - 1)) / 6;
    this.#divisor = this.#sumX * this.#sumX - period * sumXX;
  }

  update(s: Float64Array): void {
    const history = this.#history;
    const period = this.requiredInputs;
    const n = history.bars;
    if (n < period) {
      this.slope = this.end = this.forecast = this.angle = this.r2 = NaN;
      return;
    }
    const { base, mask } = this.#closes;
    let sumXY = 0;
    let sumY = 0;
    for (let i = period - 1; i >= 0; i--) {
      const y = s[base + ((n - 1 - i) & mask)]!;
      sumY += y;
      sumXY += i * y;
    }
    const slope = (period * sumXY - this.#sumX * sumY) / this.#divisor;
    const intercept = (sumY - slope * this.#sumX) / period;
    this.slope = slope;
    this.end = intercept + slope * (period - 1);
    this.forecast = intercept + slope * period;
    this.angle = Math.atan(slope) * (180 / Math.PI);
    const mean = sumY / period;
    let total = 0;
    let explained = 0;
    for (let i = 0; i < period; i++) {
      const deviation = s[base + ((n - 1 - i) & mask)]! - mean;
      const fitted = intercept + slope * (period - 1 - i) - mean;
      total += deviation * deviation;
      explained += fitted * fitted;
    }
    this.r2 = total === 0 ? 0 : Math.min(1, explained / total);
  }
}
