import { FIELD, HISTORY_BARS, type History } from './history.js';
import type { Kernel } from './kernel.js';

const MASK = HISTORY_BARS - 1;

/**
 * Relative vigor index: the sum over `period` bars of the symmetrically weighted (1, 2, 2, 1) body, over
 * that of the range; 0 without any range. Source: Ehlers, S&C 2002.
 */
export class RelativeVigorIndex implements Kernel {
  readonly requiredInputs: number;
  /** How often the 1-2-2-1 weights count the bar of an age inside the window. */
  readonly #weights: Float64Array;
  readonly #history: History;

  constructor(history: History, period: number) {
    this.#history = history;
    this.requiredInputs = period + 3;
    this.#weights = new Float64Array(period + 3);
    for (let bar = 0; bar < period; bar++) [1, 2, 2, 1].forEach((w, ago) => (this.#weights[bar + ago]! += w));
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const n = history.count(s);
    if (n < this.requiredInputs) return NaN;
    const opens = history.base(FIELD.open);
    const highs = history.base(FIELD.high);
    const lows = history.base(FIELD.low);
    const closes = history.base(FIELD.close);
    const weights = this.#weights;
    let bodies = 0;
    let ranges = 0;
    for (let ago = 0; ago < weights.length; ago++) {
      const slot = (n - 1 - ago) & MASK;
      bodies += weights[ago]! * (s[closes + slot]! - s[opens + slot]!);
      ranges += weights[ago]! * (s[highs + slot]! - s[lows + slot]!);
    }
    return ranges === 0 ? 0 : bodies / ranges;
  }
}
