import { keeping, type History } from './history.js';
import type { Kernel } from './kernel.js';

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
    keeping(history.opens, period + 3);
    this.#weights = new Float64Array(period + 3);
    for (let bar = 0; bar < period; bar++) [1, 2, 2, 1].forEach((w, ago) => (this.#weights[bar + ago]! += w));
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const n = history.bars;
    if (n < this.requiredInputs) return NaN;
    const { base: opens, mask: openMask } = history.opens;
    const { base: highs, mask: highMask } = history.highs;
    const lows = history.lows.base;
    const { base: closes, mask: closeMask } = history.closes;
    const weights = this.#weights;
    let bodies = 0;
    let ranges = 0;
    for (let ago = 0; ago < weights.length; ago++) {
      const i = n - 1 - ago;
      bodies += weights[ago]! * (s[closes + (i & closeMask)]! - s[opens + (i & openMask)]!);
      ranges += weights[ago]! * (s[highs + (i & highMask)]! - s[lows + (i & highMask)]!);
    }
    return ranges === 0 ? 0 : bodies / ranges;
  }
}
