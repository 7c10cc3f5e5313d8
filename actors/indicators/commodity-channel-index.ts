import { FIELD, type History } from './history.js';
import type { Kernel } from './kernel.js';

/**
 * Lambert's commodity channel index: (typical − mean) / (0.015 · mean deviation) of (high + low + close)/3;
 * 0 in a flat window. Source: TA-Lib `CCI`.
 */
export class CommodityChannelIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #window: Float64Array;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
    // Scratch, filled anew by every call; never state.
    this.#window = new Float64Array(period);
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const period = this.requiredInputs;
    if (history.count(s) < period) return NaN;
    const window = this.#window;
    let sum = 0;
    for (let i = 0; i < period; i++) {
      const ago = period - 1 - i;
      const typical =
        (history.value(s, FIELD.high, ago) +
          history.value(s, FIELD.low, ago) +
          history.value(s, FIELD.close, ago)) /
        3;
      window[i] = typical;
      sum += typical;
    }
    const mean = sum / period;
    let deviation = 0;
    for (let i = 0; i < period; i++) deviation += Math.abs(window[i]! - mean);
    const distance = window[period - 1]! - mean;
    return distance !== 0 && deviation !== 0 ? distance / (0.015 * (deviation / period)) : 0;
  }
}
