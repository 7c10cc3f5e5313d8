import { keeping, type History } from './history.js';
import { ratio, type Kernel } from './kernel.js';

/**
 * Vortex indicator: the distance from each bar's low to the next one's high (`plus`), and from its high to the
 * next one's low (`minus`), over the true range, summed over `period` bars. Unit: ratio; 0 in a flat window.
 * Source: Botes & Siepman, S&C 2010.
 */
export class Vortex implements Kernel {
  readonly requiredInputs: number;
  plus = NaN;
  minus = NaN;
  readonly #history: History;
  readonly #period: number;

  constructor(history: History, period: number) {
    this.#history = history;
    this.#period = period;
    keeping(history.trueRanges, period);
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array): void {
    const history = this.#history;
    const n = history.bars;
    this.plus = this.minus = NaN;
    if (n < this.requiredInputs) return;
    const { base: highs, mask } = history.highs;
    const lows = history.lows.base;
    const { base: ranges, mask: rangeMask } = history.trueRanges;
    const first = n - this.#period;
    let previousHigh = s[highs + ((first - 1) & mask)]!;
    let previousLow = s[lows + ((first - 1) & mask)]!;
    let plus = 0;
    let minus = 0;
    let range = 0;
    for (let i = first; i < n; i++) {
      const high = s[highs + (i & mask)]!;
      const low = s[lows + (i & mask)]!;
      plus += Math.abs(high - previousLow);
      minus += Math.abs(low - previousHigh);
      range += s[ranges + (i & rangeMask)]!;
      previousHigh = high;
      previousLow = low;
    }
    this.plus = ratio(plus, range);
    this.minus = ratio(minus, range);
  }
}
