import { keeping, type History, type Ring } from './history.js';
import { negligible, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';
import { windowDeviations } from './window-statistics.js';

/**
 * Lambert's commodity channel index: (typical − mean) / (0.015 · mean deviation) of (high + low + close)/3;
 * 0 in a flat window. The sums run through the window as TA-Lib's do, in the order of its ring of `period` slots: near
 * a mean the last bits are the value. Source: TA-Lib `CCI`.
 */
export class CommodityChannelIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #history: History;
  readonly #typicals: Ring;

  constructor(layout: StateLayout, history: History, period: number) {
    this.requiredInputs = period;
    // The sum since the ring's first slot was written.
    this.#at = layout.reserve(1);
    this.#history = history;
    this.#typicals = keeping(history.typicals, period);
  }

  update(s: Float64Array): number {
    const period = this.requiredInputs;
    const { base, mask } = this.#typicals;
    const n = this.#history.bars;
    const slot = (n - 1) % period;
    const newest = s[base + ((n - 1) & mask)]!;
    let sum = slot === 0 ? newest : s[this.#at]! + newest;
    s[this.#at] = sum;
    if (n < period) return NaN;
    // The slots after the newest hold the older bars.
    for (let i = n - period; i < n - 1 - slot; i++) sum += s[base + (i & mask)]!;
    const mean = sum / period;
    const deviation = windowDeviations(s, this.#typicals, n, period, mean) / period;
    const distance = newest - mean;
    return negligible(distance, mean) || negligible(deviation, mean) ? 0 : distance / (0.015 * deviation);
  }
}
