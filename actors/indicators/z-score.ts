import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';
import { windowSquares } from './window-statistics.js';

/**
 * How many standard deviations (of the population) the newest value of a field lies from the mean of the last
 * `period`; 0 in a flat window, of which rounding may leave `flat` · mean.
 */
export class ZScore implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #ring: Ring;
  readonly #flat: number;

  constructor(history: History, ring: Ring, period: number, flat: number) {
    this.requiredInputs = period;
    this.#history = history;
    this.#ring = keeping(ring, period);
    this.#flat = flat;
  }

  /** `mean` of the window; NaN before there is one. */
  update(s: Float64Array, mean: number): number {
    const period = this.requiredInputs;
    const history = this.#history;
    const ring = this.#ring;
    if (mean !== mean || history.bars < period) return NaN;
    const sigma = Math.sqrt(windowSquares(s, ring, history.bars, period, mean) / period);
    return sigma <= this.#flat * mean ? 0 : (s[ring.base + ((history.bars - 1) & ring.mask)]! - mean) / sigma;
  }
}
