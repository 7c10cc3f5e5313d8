import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Hurst exponent from the rescaled range of the last `period` (even) log returns, whose mean and summed squared
 * deviations are given: ln(R/S) / ln(period/2); near 0.5 for a random walk. 0.5 for a flat window.
 * Source: Hurst 1951, Peters 1994.
 */
export class HurstExponent implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #returns: Ring;
  readonly #period: number;
  readonly #at: number;
  readonly #scale: number;
  /** Cumulative deviations of the window's returns from their mean; overwritten by every call. */
  readonly #walk: Float64Array;

  constructor(layout: StateLayout, history: History, period: number) {
    this.requiredInputs = period + 1;
    this.#history = history;
    this.#returns = keeping(history.logReturns, period);
    this.#period = period;
    // Bars at which the walk was highest and lowest last time.
    this.#at = layout.reserve(2);
    this.#scale = 1 / Math.log(period / 2);
    this.#walk = new Float64Array(period);
  }

  update(s: Float64Array, mean: number, squares: number): number {
    const n = this.#history.bars;
    if (n < this.requiredInputs) return NaN;
    const period = this.#period;
    const sigma = Math.sqrt(squares / period);
    if (sigma < 1e-12) return 0.5;
    const first = n - period;
    const middle = this.#fill(s, first, mean);
    return Math.log(this.#range(s, first, middle) / sigma) * this.#scale;
  }

  /** Fills the walks of both halves side by side, each from 0; answers where the first ends and the second begins. */
  #fill(s: Float64Array, first: number, mean: number): number {
    const { base, mask } = this.#returns;
    const walk = this.#walk;
    const half = this.#period >> 1;
    let early = 0;
    let late = 0;
    for (let i = 0; i < half; i++) {
      early += s[base + ((first + i) & mask)]! - mean;
      late += s[base + ((first + i + half) & mask)]! - mean;
      walk[i] = early;
      walk[i + half] = late;
    }
    return early;
  }

  /**
   * From the highest to the lowest place of the walk, which begins at 0. The search begins where they were a bar
   * ago: usually they still are, and then the branches are predicted correctly.
   */
  #range(s: Float64Array, first: number, middle: number): number {
    const walk = this.#walk;
    const at = this.#at;
    const half = this.#period >> 1;
    const place = (bar: number): number => Math.max(0, (bar | 0) - first);
    let top = place(s[at]!);
    let bottom = place(s[at + 1]!);
    let highest = walk[top]! + (top < half ? 0 : middle);
    let lowest = walk[bottom]! + (bottom < half ? 0 : middle);
    for (let i = 0; i < half; i++) {
      const early = walk[i]!;
      const late = walk[i + half]! + middle;
      if (early > highest) {
        highest = early;
        top = i;
      }
      if (late > highest) {
        highest = late;
        top = i + half;
      }
      if (early < lowest) {
        lowest = early;
        bottom = i;
      }
      if (late < lowest) {
        lowest = late;
        bottom = i + half;
      }
    }
    s[at] = first + top;
    s[at + 1] = first + bottom;
    return Math.max(0, highest) - Math.min(0, lowest);
  }
}
