import { RENEWAL_BARS, type History } from './history.js';
import type { Kernel } from './kernel.js';
import { Sma } from './sma.js';
import type { StateLayout } from './state.js';

const SIGNAL = 9;

/**
 * Pring's know sure thing: the means of 10, 10, 10 and 15 rates of change over 10, 15, 20 and 30 bars, weighted 1 to
 * 4, in `line`, and the mean of 9 of that in `signal`. Unit: percent. Source: Pring, S&C 1992.
 */
export class KnowSureThing implements Kernel {
  readonly requiredInputs = 45;
  line = NaN;
  signal = NaN;
  readonly #at: number;
  readonly #history: History;
  readonly #signal: Sma;

  constructor(layout: StateLayout, history: History) {
    // The sums of the four windows, as shares; what leaves them is made again from the closes.
    this.#at = layout.reserve(4);
    this.#history = history;
    this.#signal = new Sma(layout, SIGNAL);
  }

  update(s: Float64Array): void {
    const history = this.#history;
    const at = this.#at;
    const n = history.bars;
    this.line = this.signal = NaN;
    if (n < this.requiredInputs) return;
    let renew = n === this.requiredInputs || n % RENEWAL_BARS === 0;
    if (!renew) {
      const close = history.close(s, 0);
      const close10 = history.close(s, 10);
      const close15 = history.close(s, 15);
      const close20 = history.close(s, 20);
      const close30 = history.close(s, 30);
      const left20 = close10 / close20 - 1;
      const left25 = close10 / history.close(s, 25) - 1;
      const left30 = close10 / close30 - 1;
      const left45 = close15 / history.close(s, 45) - 1;
      s[at] = s[at]! + (close / close10 - 1) - left20;
      s[at + 1] = s[at + 1]! + (close / close15 - 1) - left25;
      s[at + 2] = s[at + 2]! + (close / close20 - 1) - left30;
      s[at + 3] = s[at + 3]! + (close / close30 - 1) - left45;
      // A price that rose by more than 100 % was a bad print, of which the sums would keep a part.
      renew = left20 > 1 || left25 > 1 || left30 > 1 || left45 > 1;
    }
    if (renew) this.#renew(s);
    this.line = 10 * (s[at]! + 2 * s[at + 1]! + 3 * s[at + 2]!) + (400 / 15) * s[at + 3]!;
    this.signal = this.#signal.update(s, this.line);
  }

  #renew(s: Float64Array): void {
    const at = this.#at;
    s[at] = this.#sum(s, 10, 10);
    s[at + 1] = this.#sum(s, 15, 10);
    s[at + 2] = this.#sum(s, 20, 10);
    s[at + 3] = this.#sum(s, 30, 15);
  }

  #sum(s: Float64Array, bars: number, window: number): number {
    const history = this.#history;
    let sum = 0;
    for (let ago = window - 1; ago >= 0; ago--)
      sum += history.close(s, ago) / history.close(s, ago + bars) - 1;
    return sum;
  }
}
