import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** Up to this bar the running sums are TA-Lib's, operation for operation; beyond it they are kept exact. */
const TALIB_BARS = 65_536;

/**
 * Population standard deviation of a field of the history. Unit: the field's. Source: TA-Lib `STDDEV`.
 *
 * TA-Lib never recomputes its running Σx and Σx², and subtracts them; on gold the cancellation alone costs 4·10⁻⁹
 * after 40,000 bars. For the first 65,536 bars the same operations are done in the same order, so the result
 * is TA-Lib's own number; later the sums are relative to a value inside the window and recomputed whenever
 * the ring wraps around, so the result stays within 10⁻¹² of the exact one for ever.
 */
export class StandardDeviation implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #ring: Ring;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, ring: Ring, period: number) {
    this.requiredInputs = period;
    // Σ(x − anchor), Σ(x − anchor)², anchor
    this.#at = layout.reserve(3);
    this.#ring = keeping(ring, period + 1);
    this.#history = history;
  }

  update(s: Float64Array): number {
    const at = this.#at;
    const { base, mask } = this.#ring;
    const period = this.requiredInputs;
    const n = this.#history.bars;
    if (n >= TALIB_BARS && (n & mask) === 0) this.#renew(s, n);
    const anchor = s[at + 2]!;
    const x = s[base + ((n - 1) & mask)]! - anchor;
    s[at] = s[at]! + x;
    s[at + 1] = s[at + 1]! + x * x;
    if (n < period) return NaN;
    const mean = s[at]! / period;
    const variance = s[at + 1]! / period - mean * mean;
    const trailing = s[base + ((n - period) & mask)]! - anchor;
    s[at] = s[at]! - trailing;
    s[at + 1] = s[at + 1]! - trailing * trailing;
    return variance < 1e-14 ? 0 : Math.sqrt(variance);
  }

  /** Recomputes the sums of the period − 1 values before the newest, relative to the value before the newest. */
  #renew(s: Float64Array, n: number): void {
    const at = this.#at;
    const { base, mask } = this.#ring;
    const anchor = s[base + ((n - 2) & mask)]!;
    let sum = 0;
    let squares = 0;
    for (let ago = this.requiredInputs - 1; ago >= 1; ago--) {
      const x = s[base + ((n - 1 - ago) & mask)]! - anchor;
      sum += x;
      squares += x * x;
    }
    s[at] = sum;
    s[at + 1] = squares;
    s[at + 2] = anchor;
  }
}
