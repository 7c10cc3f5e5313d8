import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';
import { windowDeviations } from './window-statistics.js';

/** Mean absolute deviation of the close from its mean over the window. Unit: price. Source: TA-Lib `AVGDEV`. */
export class AverageDeviation implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #closes: Ring;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
    this.#closes = keeping(history.closes, period);
  }

  /** `mean` of the window. */
  update(s: Float64Array, mean: number): number {
    const period = this.requiredInputs;
    const n = this.#history.bars;
    if (n < period) return NaN;
    return windowDeviations(s, this.#closes, n, period, mean) / period;
  }
}
