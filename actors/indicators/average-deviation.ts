import { HISTORY_BARS, FIELD, type History } from './history.js';
import type { Kernel } from './kernel.js';

const MASK = HISTORY_BARS - 1;

/** Mean absolute deviation of the close from its mean over the window. Unit: price. Source: TA-Lib `AVGDEV`. */
export class AverageDeviation implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
  }

  /** `mean` of the window. */
  update(s: Float64Array, mean: number): number {
    const period = this.requiredInputs;
    const n = this.#history.count(s);
    if (n < period) return NaN;
    const base = this.#history.base(FIELD.close);
    let deviation = 0;
    for (let i = n - period; i < n; i++) deviation += Math.abs(s[base + (i & MASK)]! - mean);
    return deviation / period;
  }
}
