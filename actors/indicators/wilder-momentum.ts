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
  /** 1/period, by which TA-Lib multiplies: a stochastic of this RSI shows the last bits. */
  readonly #share: number;

  constructor(layout: StateLayout, period: number) {
    // inputs, previous input, gain, loss
    this.#at = layout.reserve(4);
    this.#period = period;
    this.#share = 1 / period;
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array, x: number): void {
    const at = this.#at;
    const period = this.#period;
    const change = x - s[at + 1]!;
    if (s[at]! <= period || change !== change) return this.#begin(s, x);
    s[at + 1] = x;
    // One of them is 0, both are exact; branch-free, since the branch would be unpredictable.
    const size = Math.abs(change);
    const gain = (s[at + 2]! * (period - 1) + (size + change) / 2) * this.#share;
    const loss = (s[at + 3]! * (period - 1) + (size - change) / 2) * this.#share;
    s[at + 2] = gain;
    s[at + 3] = loss;
    this.#conclude(gain, loss);
  }

  #conclude(gain: number, loss: number): void {
    const sum = gain + loss;
    const still = sum === 0;
    this.rsi = still ? 0 : 100 * (gain / sum);
    this.cmo = still ? 0 : 100 * ((gain - loss) / sum);
  }

  #begin(s: Float64Array, x: number): void {
    this.rsi = this.cmo = NaN;
    if (x !== x) return;
    const at = this.#at;
    const period = this.#period;
    const n = s[at]!;
    const change = x - s[at + 1]!;
    s[at] = n + 1;
    s[at + 1] = x;
    if (n === 0) return;
    s[at + 2] = s[at + 2]! + Math.max(change, 0);
    s[at + 3] = s[at + 3]! + Math.max(-change, 0);
    if (n < period) return;
    s[at + 2] = s[at + 2]! * this.#share;
    s[at + 3] = s[at + 3]! * this.#share;
    this.#conclude(s[at + 2]!, s[at + 3]!);
  }
}
