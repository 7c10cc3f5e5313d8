import { FIELD, HISTORY_BARS, type History } from './history.js';
import { ratio, type Kernel } from './kernel.js';

const MASK = HISTORY_BARS - 1;

/**
 * Kaufman's efficiency ratio, 0..1: how far the close came in `period` bars over the way it went; 0 where it
 * never moved. Source: Kaufman, Smarter Trading, 1995.
 */
export class EfficiencyRatio implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #period: number;

  constructor(history: History, period: number) {
    this.#history = history;
    this.#period = period;
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array): number {
    const n = this.#history.count(s);
    if (n < this.requiredInputs) return NaN;
    const closes = this.#history.base(FIELD.close);
    const first = s[closes + ((n - this.requiredInputs) & MASK)]!;
    let previous = first;
    let path = 0;
    for (let i = n - this.#period; i < n; i++) {
      const close = s[closes + (i & MASK)]!;
      path += Math.abs(close - previous);
      previous = close;
    }
    return Math.min(1, ratio(Math.abs(previous - first), path));
  }
}
