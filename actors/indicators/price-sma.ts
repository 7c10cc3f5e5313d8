import { HISTORY_BARS, type Field, type History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

const MASK = HISTORY_BARS - 1;

/**
 * Simple moving average of a history field: only the running sum is its own, the window is the shared
 * history. The sum is taken anew every 256 bars, so it is as exact after ten million bars as after ten, and
 * an unknown value (NaN) leaves no trace once it is out of reach. Source: TA-Lib `SMA`.
 */
export class PriceSma implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #base: number;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, field: Field, period: number) {
    this.requiredInputs = period;
    this.#at = layout.reserve(1);
    this.#base = history.base(field);
    this.#history = history;
  }

  /** To be called once a bar, after the history took it. */
  update(s: Float64Array): number {
    const period = this.requiredInputs;
    const base = this.#base;
    const n = this.#history.count(s);
    const newest = s[base + ((n - 1) & MASK)]!;
    if ((n & MASK) === 0) {
      let fresh = 0;
      const from = n > period ? period : n;
      for (let ago = from - 1; ago >= 0; ago--) fresh += s[base + ((n - 1 - ago) & MASK)]!;
      s[this.#at] = fresh;
    } else {
      s[this.#at] = s[this.#at]! + newest;
      if (n > period) s[this.#at] = s[this.#at]! - s[base + ((n - 1 - period) & MASK)]!;
    }
    return n < period ? NaN : s[this.#at]! / period;
  }
}
