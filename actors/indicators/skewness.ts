import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';

/**
 * Sample skewness g₁ = m₃ / m₂^1.5 of the last `period` log returns, whose mean and summed squared deviations are
 * given; 0 in a flat window. Source: Joanes & Gill 1998.
 */
export class Skewness implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #returns: Ring;
  readonly #period: number;

  constructor(history: History, period: number) {
    this.#history = history;
    this.#returns = keeping(history.logReturns, period);
    this.#period = period;
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array, mean: number, squares: number): number {
    const n = this.#history.bars;
    if (n < this.requiredInputs) return NaN;
    const period = this.#period;
    const { base, mask } = this.#returns;
    let m3 = 0;
    for (let i = n - period; i < n; i++) {
      const deviation = s[base + (i & mask)]! - mean;
      m3 += deviation * deviation * deviation;
    }
    const m2 = squares / period;
    return m2 < 1e-24 ? 0 : m3 / period / (m2 * Math.sqrt(m2));
  }
}
