import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';
import { windowDeviations } from './window-statistics.js';

/**
 * Lambert's commodity channel index: (typical − mean) / (0.015 · mean deviation) of (high + low + close)/3;
 * 0 in a flat window. The sums run through the window as TA-Lib's do, in the order of its ring of `period` slots: near
 * a mean the last bits are the value. Source: TA-Lib `CCI`.
 */
export class CommodityChannelIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #typicals: Ring;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
    this.#typicals = keeping(history.typicals, period);
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const period = this.requiredInputs;
    if (history.bars < period) return NaN;
    const { base, mask } = this.#typicals;
    const n = history.bars;
    // Bars since the ring's first slot was written are its first slots.
    const turn = n - 1 - ((n - 1) % period);
    let sum = 0;
    for (let i = turn; i < n; i++) sum += s[base + (i & mask)]!;
    for (let i = n - period; i < turn; i++) sum += s[base + (i & mask)]!;
    const mean = sum / period;
    const deviation = windowDeviations(s, this.#typicals, n, period, mean);
    const distance = s[base + ((n - 1) & mask)]! - mean;
    return distance !== 0 && deviation !== 0 ? distance / (0.015 * (deviation / period)) : 0;
  }
}
