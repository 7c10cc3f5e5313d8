import { FIELD, HISTORY_BARS, type History } from './history.js';
import type { Kernel } from './kernel.js';

const MASK = HISTORY_BARS - 1;

/**
 * Lambert's commodity channel index: (typical − mean) / (0.015 · mean deviation) of (high + low + close)/3;
 * 0 in a flat window. The sums run through the window as TA-Lib's do, in the order of its ring of `period` slots: near
 * a mean the last bits are the value. Source: TA-Lib `CCI`.
 */
export class CommodityChannelIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const period = this.requiredInputs;
    if (history.count(s) < period) return NaN;
    const base = history.base(FIELD.typical);
    const n = history.count(s);
    // Bars since the ring's first slot was written are its first slots.
    const turn = n - 1 - ((n - 1) % period);
    let sum = 0;
    for (let i = turn; i < n; i++) sum += s[base + (i & MASK)]!;
    for (let i = n - period; i < turn; i++) sum += s[base + (i & MASK)]!;
    const mean = sum / period;
    let deviation = 0;
    for (let i = turn; i < n; i++) deviation += Math.abs(s[base + (i & MASK)]! - mean);
    for (let i = n - period; i < turn; i++) deviation += Math.abs(s[base + (i & MASK)]! - mean);
    const distance = s[base + ((n - 1) & MASK)]! - mean;
    return distance !== 0 && deviation !== 0 ? distance / (0.015 * (deviation / period)) : 0;
  }
}
