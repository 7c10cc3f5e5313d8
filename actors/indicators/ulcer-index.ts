import { FIELD, HISTORY_BARS, type History } from './history.js';
import type { Kernel } from './kernel.js';

const MASK = HISTORY_BARS - 1;

/**
 * Ulcer index: root mean square of how far, in percent, each close of the window lies below the window's highest
 * close so far. Source: Martin & McCann 1989.
 */
export class UlcerIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
  }

  update(s: Float64Array): number {
    const period = this.requiredInputs;
    const n = this.#history.count(s);
    if (n < period) return NaN;
    const closes = this.#history.base(FIELD.close);
    let highest = 0;
    let squares = 0;
    for (let i = n - period; i < n; i++) {
      const close = s[closes + (i & MASK)]!;
      if (close > highest) highest = close;
      const fall = (100 * (close - highest)) / highest;
      squares += fall * fall;
    }
    return Math.sqrt(squares / period);
  }
}
