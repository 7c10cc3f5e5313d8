import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Exponential moving average: `ema += (x − ema) · 2/(period + 1)`, seeded with the mean of the first
 * `period` inputs after `skip` ignored ones. Unit: the input's. Source: TA-Lib `EMA`, classic seed; `skip`
 * is how TA-Lib lines up the fast average of MACD with the slow one.
 */
export class Ema implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #period: number;
  readonly #skip: number;
  readonly #alpha: number;

  constructor(layout: StateLayout, period: number, skip = 0) {
    this.#at = layout.reserve(2);
    this.#period = period;
    this.#skip = skip;
    this.#alpha = 2 / (period + 1);
    this.requiredInputs = period + skip;
  }

  update(s: Float64Array, x: number): number {
    const at = this.#at;
    if (s[at]! >= this.requiredInputs && x === x) {
      return (s[at + 1] = (x - s[at + 1]!) * this.#alpha + s[at + 1]!);
    }
    return this.#begin(s, x);
  }

  // The warm-up is a separate method here and in other small kernels, so that V8 inlines `update` into its callers.
  #begin(s: Float64Array, x: number): number {
    if (x !== x) return NaN;
    const at = this.#at;
    const n = s[at]!;
    s[at] = n + 1;
    if (n < this.#skip) return NaN;
    s[at + 1] = s[at + 1]! + x;
    if (n + 1 < this.requiredInputs) return NaN;
    return (s[at + 1] = s[at + 1]! / this.#period);
  }
}
