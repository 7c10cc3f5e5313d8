import { DOMINANT, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Linearly weighted moving average, weights 1..period, newest heaviest. Unit: the input's. The running sums
 * are recomputed each time the ring wraps around, and when a value leaves that outweighs what stays. Source: TA-Lib
 * `WMA`.
 */
export class Wma implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #divisor: number;

  constructor(layout: StateLayout, period: number) {
    this.requiredInputs = period;
    this.#divisor = (period * (period + 1)) / 2;
    this.#at = layout.reserve(3 + period);
  }

  update(s: Float64Array, x: number): number {
    const at = this.#at;
    const period = this.requiredInputs;
    const n = s[at]! | 0;
    const slot = n % period;
    if (n < period || slot === period - 1 || x !== x) return this.#renew(s, x, n, slot);
    // s[at+1]: plain sum of the window; s[at+2]: weighted sum.
    const left = s[at + 3 + slot]!;
    const sum = s[at + 1]! + x - left;
    if (Math.abs(left) > DOMINANT * Math.abs(sum)) return this.#renew(s, x, n, slot);
    const weighted = s[at + 2]! - s[at + 1]! + x * period;
    s[at + 1] = sum;
    s[at + 2] = weighted;
    s[at + 3 + slot] = x;
    s[at] = n + 1;
    return weighted / this.#divisor;
  }

  #renew(s: Float64Array, x: number, n: number, slot: number): number {
    if (x !== x) return NaN;
    const at = this.#at;
    const period = this.requiredInputs;
    s[at + 3 + slot] = x;
    s[at] = n + 1;
    if (n + 1 < period) return NaN;
    let sum = 0;
    let weighted = 0;
    let place = slot;
    // From the oldest, which lies after the newest.
    for (let weight = 1; weight <= period; weight++) {
      if (++place === period) place = 0;
      sum += s[at + 3 + place]!;
      weighted += s[at + 3 + place]! * weight;
    }
    s[at + 1] = sum;
    s[at + 2] = weighted;
    return weighted / this.#divisor;
  }
}
