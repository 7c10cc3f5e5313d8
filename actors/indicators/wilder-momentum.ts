import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Wilder-smoothed gains and losses of any input: `rsi` (0..100) and `cmo` (−100..100), both 0 without any
 * movement. Source: Wilder 1978, Chande; TA-Lib `RSI` and `CMO`.
 */
export class WilderMomentum implements Kernel {
  readonly requiredInputs: number;
  rsi = NaN;
  cmo = NaN;
  readonly #at: number;
  readonly #period: number;

  constructor(layout: StateLayout, period: number) {
    // inputs, previous input, gain, loss
    this.#at = layout.reserve(4);
    this.#period = period;
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array, x: number): void {
    this.rsi = this.cmo = NaN;
    if (x !== x) return;
    const at = this.#at;
    const period = this.#period;
    const n = s[at]!;
    const change = x - s[at + 1]!;
    s[at + 1] = x;
    if (n <= period) s[at] = n + 1;
    if (n === 0) return;
    // One of them 0, both exact, without a branch that no processor could guess.
    const size = Math.abs(change);
    const gain = (size + change) / 2;
    const loss = (size - change) / 2;
    if (n <= period) {
      s[at + 2] = s[at + 2]! + gain;
      s[at + 3] = s[at + 3]! + loss;
      if (n < period) return;
      s[at + 2] = s[at + 2]! / period;
      s[at + 3] = s[at + 3]! / period;
    } else {
      s[at + 2] = (s[at + 2]! * (period - 1) + gain) / period;
      s[at + 3] = (s[at + 3]! * (period - 1) + loss) / period;
    }
    const sum = s[at + 2]! + s[at + 3]!;
    const still = sum < 1e-14;
    this.rsi = still ? 0 : 100 * (s[at + 2]! / sum);
    this.cmo = still ? 0 : 100 * ((s[at + 2]! - s[at + 3]!) / sum);
  }
}
