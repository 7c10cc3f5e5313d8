import { HISTORY_BARS, type Field, type History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

const MASK = HISTORY_BARS - 1;
/** Up to this bar the running sums are TA-Lib's, operation for operation; beyond it they are kept exact. */
const TALIB_BARS = 65_536;

/**
 * Population standard deviation of a history field. Unit: the field's. Source: TA-Lib `STDDEV`.
 *
 * TA-Lib runs Σx and Σx² without ever taking them anew, and cancels them; on gold that alone costs 4·10⁻⁹
 * after 40,000 bars. For the first 65,536 bars the same operations are done in the same order, so the result
 * is TA-Lib's own number; later the sums are taken against a value inside the window and renewed every 256
 * bars, so the result stays within 10⁻¹² of the exact one for ever.
 */
export class StandardDeviation implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #base: number;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, field: Field, period: number) {
    this.requiredInputs = period;
    // Σ(x − anchor), Σ(x − anchor)², anchor
    this.#at = layout.reserve(3);
    this.#base = history.base(field);
    this.#history = history;
  }

  update(s: Float64Array): number {
    const at = this.#at;
    const base = this.#base;
    const period = this.requiredInputs;
    const n = this.#history.count(s);
    if (n >= TALIB_BARS && (n & MASK) === 0) this.#renew(s, n);
    const anchor = s[at + 2]!;
    const x = s[base + ((n - 1) & MASK)]! - anchor;
    s[at] = s[at]! + x;
    s[at + 1] = s[at + 1]! + x * x;
    if (n < period) return NaN;
    const mean = s[at]! / period;
    const variance = s[at + 1]! / period - mean * mean;
    const trailing = s[base + ((n - period) & MASK)]! - anchor;
    s[at] = s[at]! - trailing;
    s[at + 1] = s[at + 1]! - trailing * trailing;
    return variance < 1e-14 ? 0 : Math.sqrt(variance);
  }

  /** Takes the sums of the period − 1 values before the newest anew, against the value before the newest. */
  #renew(s: Float64Array, n: number): void {
    const at = this.#at;
    const anchor = s[this.#base + ((n - 2) & MASK)]!;
    let sum = 0;
    let squares = 0;
    for (let ago = this.requiredInputs - 1; ago >= 1; ago--) {
      const x = s[this.#base + ((n - 1 - ago) & MASK)]! - anchor;
      sum += x;
      squares += x * x;
    }
    s[at] = sum;
    s[at + 1] = squares;
    s[at + 2] = anchor;
  }
}
