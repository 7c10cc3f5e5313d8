import type { History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

const FASTEST = 2 / 3;
const SLOWEST = 2 / 31;

/**
 * Kaufman's adaptive moving average of the close: an EMA whose constant moves between those of 2 and 30
 * bars with the efficiency ratio. Source: Kaufman 1995; TA-Lib `KAMA`, which seeds it with the close before
 * the first value.
 */
export class Kama implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #period: number;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, period: number) {
    this.#at = layout.reserve(1);
    this.#history = history;
    this.#period = period;
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const period = this.#period;
    const n = history.bars;
    if (n <= period) return NaN;
    const close = history.close(s, 0);
    let path = 0;
    for (let ago = period - 1; ago >= 0; ago--) {
      path += Math.abs(history.close(s, ago) - history.close(s, ago + 1));
    }
    const change = close - history.close(s, period);
    const efficiency = path <= change || path < 1e-14 ? 1 : Math.abs(change / path);
    const smoothing = efficiency * (FASTEST - SLOWEST) + SLOWEST;
    const previous = n === period + 1 ? history.close(s, 1) : s[this.#at]!;
    return (s[this.#at] = (close - previous) * smoothing * smoothing + previous);
  }
}
