import type { Field, History } from './history.js';
import type { Kernel } from './kernel.js';
import { windowSquares } from './window-statistics.js';

/**
 * How many standard deviations (of the population) the newest value of a field lies from the mean of the last
 * `period`; 0 in a flat window, of which rounding may leave `flat` · mean.
 */
export class ZScore implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #field: Field;
  readonly #flat: number;

  constructor(history: History, field: Field, period: number, flat: number) {
    this.requiredInputs = period;
    this.#history = history;
    this.#field = field;
    this.#flat = flat;
  }

  /** `mean` of the window; NaN before there is one. */
  update(s: Float64Array, mean: number): number {
    const period = this.requiredInputs;
    const history = this.#history;
    if (mean !== mean || history.count(s) < period) return NaN;
    const sigma = Math.sqrt(windowSquares(s, history, this.#field, period, mean) / period);
    return sigma <= this.#flat * mean ? 0 : (history.value(s, this.#field, 0) - mean) / sigma;
  }
}
