import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';

/**
 * Choppiness index, 0..100: the logarithm, to the base `period`, of the summed true ranges over the window's
 * range, which the caller knows; 100 in a flat window. Source: Dreiss 1993.
 */
export class ChoppinessIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #ranges: Ring;
  readonly #period: number;
  readonly #scale: number;

  constructor(history: History, period: number) {
    this.#history = history;
    this.#ranges = keeping(history.trueRanges, period);
    this.#period = period;
    this.#scale = 100 / Math.log10(period);
    this.requiredInputs = period + 1;
  }

  /** `range` is highest high − lowest low of the window, in price. */
  update(s: Float64Array, range: number): number {
    const n = this.#history.bars;
    if (n < this.requiredInputs) return NaN;
    if (range === 0) return 100;
    const { base, mask } = this.#ranges;
    let path = 0;
    for (let i = n - this.#period; i < n; i++) path += s[base + (i & mask)]!;
    return this.#scale * Math.log10(path / range);
  }
}
