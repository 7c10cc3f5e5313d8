import { keeping, type History, type Ring } from './history.js';
import { ratio, type Kernel } from './kernel.js';

/**
 * Kaufman's efficiency ratio, 0..1: net change of the close over `period` bars divided by the sum of its absolute
 * changes; 0 if it never moved. Source: Kaufman, Smarter Trading, 1995.
 */
export class EfficiencyRatio implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #closes: Ring;
  readonly #period: number;

  constructor(history: History, period: number) {
    this.#history = history;
    this.#closes = keeping(history.closes, period + 1);
    this.#period = period;
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array): number {
    const n = this.#history.bars;
    if (n < this.requiredInputs) return NaN;
    const { base, mask } = this.#closes;
    const first = s[base + ((n - this.requiredInputs) & mask)]!;
    let previous = first;
    let path = 0;
    for (let i = n - this.#period; i < n; i++) {
      const close = s[base + (i & mask)]!;
      path += Math.abs(close - previous);
      previous = close;
    }
    return Math.min(1, ratio(Math.abs(previous - first), path));
  }
}
