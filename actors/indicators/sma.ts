import { DOMINANT, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Simple moving average of any input, with its own window. The running sum is recomputed from the
 * window each time its ring wraps around, so rounding errors do not accumulate, and when a value leaves that outweighs
 * what stays. Unit: the input's. Source: TA-Lib `SMA`.
 */
export class Sma implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;

  constructor(layout: StateLayout, period: number) {
    this.requiredInputs = period;
    this.#at = layout.reserve(2 + period);
  }

  update(s: Float64Array, x: number): number {
    const at = this.#at;
    const period = this.requiredInputs;
    const n = s[at]! | 0;
    const slot = n % period;
    if (n < period || slot === period - 1 || x !== x) return this.#renew(s, x, n, slot);
    const left = s[at + 2 + slot]!;
    const sum = s[at + 1]! - left + x;
    if (Math.abs(left) > DOMINANT * Math.abs(sum)) return this.#renew(s, x, n, slot);
    s[at + 2 + slot] = x;
    s[at + 1] = sum;
    s[at] = n + 1;
    return sum / period;
  }

  #renew(s: Float64Array, x: number, n: number, slot: number): number {
    if (x !== x) return NaN;
    const at = this.#at;
    const period = this.requiredInputs;
    s[at + 2 + slot] = x;
    s[at] = n + 1;
    if (n + 1 < period) {
      s[at + 1] = s[at + 1]! + x;
      return NaN;
    }
    let sum = 0;
    for (let i = 0; i < period; i++) sum += s[at + 2 + i]!;
    s[at + 1] = sum;
    return sum / period;
  }
}
