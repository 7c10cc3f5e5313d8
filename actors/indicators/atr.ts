import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Wilder's average true range: the mean of the first `period` true ranges, then 1/period of each new one.
 * Fed with true ranges, the first bar's NaN included. Unit: price. Source: Wilder 1978; TA-Lib `ATR`.
 */
export class Atr implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #period: number;

  constructor(layout: StateLayout, period: number) {
    this.#at = layout.reserve(2);
    this.#period = period;
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array, trueRange: number): number {
    const at = this.#at;
    const period = this.#period;
    if (s[at]! < period) return this.#begin(s, trueRange);
    return (s[at + 1] = (s[at + 1]! * (period - 1) + trueRange) / period);
  }

  #begin(s: Float64Array, trueRange: number): number {
    if (trueRange !== trueRange) return NaN;
    const at = this.#at;
    const n = s[at]! + 1;
    s[at] = n;
    s[at + 1] = s[at + 1]! + trueRange;
    if (n < this.#period) return NaN;
    return (s[at + 1] = s[at + 1]! / n);
  }
}
