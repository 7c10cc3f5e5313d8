import { keeping, type History } from './history.js';
import type { Kernel } from './kernel.js';

/**
 * Chande's intraday momentum index, 0..100: the share of up bodies in all bodies; 50 where there are none, as TA-Lib has
 * it since 0.8. Source: TA-Lib `IMI`.
 */
export class IntradayMomentumIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
    keeping(history.opens, period);
  }

  update(s: Float64Array): number {
    const n = this.#history.bars;
    if (n < this.requiredInputs) return NaN;
    const { base: opens, mask: openMask } = this.#history.opens;
    const { base: closes, mask: closeMask } = this.#history.closes;
    let up = 0;
    let down = 0;
    for (let i = n - this.requiredInputs; i < n; i++) {
      const body = s[closes + (i & closeMask)]! - s[opens + (i & openMask)]!;
      // Branch-free, since the branch would be unpredictable: one of the two is 0, both are exact.
      const size = Math.abs(body);
      up += (size + body) / 2;
      down += (size - body) / 2;
    }
    return up + down === 0 ? 50 : 100 * (up / (up + down));
  }
}
