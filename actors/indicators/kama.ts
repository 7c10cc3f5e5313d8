import { keeping, type History, type Ring } from './history.js';
import { RENEWAL, TALIB_RESIDUE, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

const FASTEST = 2 / 3;
const SLOWEST = 2 / 31;

/**
 * Kaufman's adaptive moving average of the close: an EMA whose constant moves between those of 2 and 30
 * bars with the efficiency ratio. Source: Kaufman 1995; TA-Lib `KAMA`, which seeds it with the close before
 * the first value and keeps the path of the close as a running sum.
 */
export class Kama implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #period: number;
  readonly #history: History;
  readonly #closes: Ring;

  constructor(layout: StateLayout, history: History, period: number) {
    // average, path over `period` bars, bars without a change
    this.#at = layout.reserve(3);
    this.#history = history;
    this.#closes = keeping(history.closes, period + 2);
    this.#period = period;
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array): number {
    const at = this.#at;
    const period = this.#period;
    const { base, mask } = this.#closes;
    const n = this.#history.bars;
    if (n <= period) return NaN;
    const close = s[base + ((n - 1) & mask)]!;
    const before = s[base + ((n - 2) & mask)]!;
    const path = this.#path(s, n, Math.abs(close - before));
    const change = close - s[base + ((n - 1 - period) & mask)]!;
    const efficiency = path <= change || path <= 0 ? 1 : Math.abs(change / path);
    const smoothing = efficiency * (FASTEST - SLOWEST) + SLOWEST;
    const previous = n === period + 1 ? before : s[at]!;
    return (s[at] = (close - previous) * smoothing * smoothing + previous);
  }

  #path(s: Float64Array, n: number, step: number): number {
    const at = this.#at;
    const period = this.#period;
    const { base, mask } = this.#closes;
    const still = step === 0 ? s[at + 2]! + 1 : 0;
    s[at + 2] = still;
    if (n > period + 1) {
      const left = Math.abs(s[base + ((n - 2 - period) & mask)]! - s[base + ((n - 1 - period) & mask)]!);
      const path = s[at + 1]! - left + step;
      // A window without a change has no path, whatever rounding left of the sum.
      s[at + 1] = still >= period ? 0 : path;
      if ((n & RENEWAL) !== 0 && left <= TALIB_RESIDUE * path) return s[at + 1]!;
    }
    let path = 0;
    for (let i = n - period; i < n; i++)
      path += Math.abs(s[base + ((i - 1) & mask)]! - s[base + (i & mask)]!);
    s[at + 1] = path;
    return path;
  }
}
