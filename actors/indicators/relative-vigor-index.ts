import { FIELD, type History } from './history.js';
import type { Kernel } from './kernel.js';

/**
 * Relative vigor index: the sum over `period` bars of the symmetrically weighted (1, 2, 2, 1) body, over
 * that of the range; 0 without any range. Source: Ehlers, S&C 2002.
 */
export class RelativeVigorIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #period: number;
  readonly #history: History;

  constructor(history: History, period: number) {
    this.#history = history;
    this.#period = period;
    this.requiredInputs = period + 3;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    if (history.count(s) < this.requiredInputs) return NaN;
    let bodies = 0;
    let ranges = 0;
    const last = this.#period + 2;
    for (let ago = 0; ago <= last; ago++) {
      // How often the 1-2-2-1 weights count this bar inside the window.
      let weight = 0;
      if (ago < this.#period) weight += 1;
      if (ago >= 1 && ago - 1 < this.#period) weight += 2;
      if (ago >= 2 && ago - 2 < this.#period) weight += 2;
      if (ago >= 3) weight += 1;
      bodies += weight * (history.value(s, FIELD.close, ago) - history.value(s, FIELD.open, ago));
      ranges += weight * (history.value(s, FIELD.high, ago) - history.value(s, FIELD.low, ago));
    }
    return ranges === 0 ? 0 : bodies / ranges;
  }
}
