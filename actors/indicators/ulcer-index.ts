import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';

/**
 * Ulcer index: root mean square of how far, in percent, each close of the window lies below the window's highest
 * close so far. Source: Martin & McCann 1989.
 */
export class UlcerIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #closes: Ring;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
    this.#closes = keeping(history.closes, period);
  }

  update(s: Float64Array): number {
    const period = this.requiredInputs;
    const n = this.#history.bars;
    if (n < period) return NaN;
    const { base, mask } = this.#closes;
    let highest = 0;
    let squares = 0;
    for (let i = n - period; i < n; i++) {
      const close = s[base + (i & mask)]!;
      if (close > highest) highest = close;
      const fall = (100 * (close - highest)) / highest;
      squares += fall * fall;
    }
    return Math.sqrt(squares / period);
  }
}
