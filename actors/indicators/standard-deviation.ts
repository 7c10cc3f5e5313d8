import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';

/**
 * Population standard deviation of a field of the history. Unit: the field's. Source: TA-Lib `STDDEV`.
 *
 * Deviations are summed at every bar, relative to the newest value: a running Σx² − (Σx)² loses all its digits on
 * prices of 2·10⁻⁷ and never recovers from a bad print. As the newest value is one of the window, its squared distance
 * to the mean is at most period − 1 variances, so the subtraction costs a factor of `period` in precision at
 * most, whatever the prices; a flat window is exactly 0.
 */
export class StandardDeviation implements Kernel {
  readonly requiredInputs: number;
  readonly #ring: Ring;
  readonly #history: History;

  constructor(history: History, ring: Ring, period: number) {
    this.requiredInputs = period;
    this.#ring = keeping(ring, period);
    this.#history = history;
  }

  update(s: Float64Array): number {
    const { base, mask } = this.#ring;
    const period = this.requiredInputs;
    const n = this.#history.bars;
    if (n < period) return NaN;
    const newest = s[base + ((n - 1) & mask)]!;
    let a = 0;
    let b = 0;
    let aa = 0;
    let bb = 0;
    let i = n - period;
    for (; i < n - 1; i += 2) {
      const p = s[base + (i & mask)]! - newest;
      const q = s[base + ((i + 1) & mask)]! - newest;
      a += p;
      b += q;
      aa += p * p;
      bb += q * q;
    }
    // An odd window ends with the newest value, which is 0 from itself.
    const mean = (a + b) / period;
    return Math.sqrt(Math.max(0, (aa + bb) / period - mean * mean));
  }
}
