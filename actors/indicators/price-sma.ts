import { keeping, type History, type Ring } from './history.js';
import { DOMINANT, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Simple moving average of a field of the history: only the running sum is its own, the window is the shared
 * history. The sum is recomputed whenever the ring wraps around, so it is as exact after ten million bars as after
 * ten, and when a value leaves that outweighs those that stay, so that a bad print has no effect once it is gone. Nor
 * has an unknown value (NaN). Source: TA-Lib `SMA`.
 */
export class PriceSma implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #ring: Ring;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, ring: Ring, period: number) {
    this.requiredInputs = period;
    this.#at = layout.reserve(1);
    this.#ring = keeping(ring, period + 1);
    this.#history = history;
  }

  /** To be called once a bar, after the history took it. */
  update(s: Float64Array): number {
    const period = this.requiredInputs;
    const { base, mask } = this.#ring;
    const n = this.#history.bars;
    if (n <= period || (n & mask) === 0) return this.#renew(s, n);
    const left = s[base + ((n - 1 - period) & mask)]!;
    const sum = s[this.#at]! + s[base + ((n - 1) & mask)]! - left;
    if (left > DOMINANT * sum) return this.#renew(s, n);
    s[this.#at] = sum;
    return sum / period;
  }

  #renew(s: Float64Array, n: number): number {
    const period = this.requiredInputs;
    const { base, mask } = this.#ring;
    let sum = 0;
    for (let i = Math.max(0, n - period); i < n; i++) sum += s[base + (i & mask)]!;
    s[this.#at] = sum;
    return n < period ? NaN : sum / period;
  }
}
