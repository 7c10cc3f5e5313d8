import type { Kernel } from './kernel.js';
import { RollingSlope } from './rolling-slope.js';
import type { StateLayout } from './state.js';

/**
 * Slope a bar of the last `period` values of the volume price trend, the running sum of volume times the close's
 * relative change. Unit: volume a bar. Source of the trend: Bostian, in Colby 2003.
 */
export class VolumePriceTrendSlope implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #slope: RollingSlope;

  constructor(layout: StateLayout, period: number) {
    this.#at = layout.reserve(1);
    this.#slope = new RollingSlope(layout, period);
    this.requiredInputs = period + 1;
  }

  /** `previousClose` is NaN on the first bar. */
  update(s: Float64Array, close: number, previousClose: number, volume: number): number {
    if (previousClose !== previousClose) return NaN;
    const trend = s[this.#at]! + volume * (close / previousClose - 1);
    s[this.#at] = trend;
    return this.#slope.update(s, trend);
  }
}
