import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Linearly weighted moving average, weights 1..period, newest heaviest. Unit: the input's. The running sums
 * are taken anew once a turn of the window. Source: TA-Lib `WMA`.
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
    if (x !== x) return NaN;
    const at = this.#at;
    const period = this.requiredInputs;
    const n = s[at]! | 0;
    const slot = n % period;
    // s[at+1]: plain sum of the window; s[at+2]: weighted sum.
    if (n < period) {
      s[at + 2] = s[at + 2]! + x * (n + 1);
      s[at + 1] = s[at + 1]! + x;
    } else {
      s[at + 2] = s[at + 2]! - s[at + 1]! + x * period;
      s[at + 1] = s[at + 1]! + x - s[at + 3 + slot]!;
    }
    s[at + 3 + slot] = x;
    s[at] = n + 1;
    if (n + 1 < period) return NaN;
    if (slot === period - 1) {
      let sum = 0;
      let weighted = 0;
      for (let i = 0; i < period; i++) {
        sum += s[at + 3 + i]!;
        weighted += s[at + 3 + i]! * (i + 1);
      }
      s[at + 1] = sum;
      s[at + 2] = weighted;
    }
    return s[at + 2]! / this.#divisor;
  }
}
