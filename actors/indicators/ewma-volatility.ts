import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Volatility a bar by exponentially weighted squared log returns, the newest weighing 1 − `decay`. Unit: log
 * return of one bar. Source: RiskMetrics 1996 (decay 0.94).
 */
export class EwmaVolatility implements Kernel {
  readonly requiredInputs = 1;
  readonly #at: number;
  readonly #decay: number;

  constructor(layout: StateLayout, decay: number) {
    this.#at = layout.reserve(2);
    this.#decay = decay;
  }

  update(s: Float64Array, logReturn: number): number {
    if (logReturn !== logReturn) return NaN;
    const at = this.#at;
    const square = logReturn * logReturn;
    const variance = s[at] === 0 ? square : this.#decay * s[at + 1]! + (1 - this.#decay) * square;
    s[at] = 1;
    s[at + 1] = variance;
    return Math.sqrt(variance);
  }
}
