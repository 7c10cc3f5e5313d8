import { RENEWAL_BARS, keeping, type History } from './history.js';
import { DOMINANT, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** Awesome oscillator: SMA of (high + low)/2 over `fast` bars less that over `slow`. Unit: price. Source: Williams 1998. */
export class AwesomeOscillator implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #fast: number;
  readonly #slow: number;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, fast: number, slow: number) {
    keeping(history.highs, slow + 1);
    this.requiredInputs = slow;
    // Σ(high + low) of the fast and of the slow window.
    this.#at = layout.reserve(2);
    this.#fast = fast;
    this.#slow = slow;
    this.#history = history;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const at = this.#at;
    const n = history.bars;
    const [fast, slow] = [this.#fast, this.#slow];
    if (n < slow) return NaN;
    let renew = n === slow || n % RENEWAL_BARS === 0;
    if (!renew) {
      const newest = history.high(s, 0) + history.low(s, 0);
      const leftFast = history.high(s, fast) + history.low(s, fast);
      const leftSlow = history.high(s, slow) + history.low(s, slow);
      s[at] = s[at]! + newest - leftFast;
      s[at + 1] = s[at + 1]! + newest - leftSlow;
      // After a bad print.
      renew = leftFast > DOMINANT * s[at]! || leftSlow > DOMINANT * s[at + 1]!;
    }
    if (renew) {
      s[at] = this.#sum(s, fast);
      s[at + 1] = this.#sum(s, slow);
    }
    return s[at]! / (2 * fast) - s[at + 1]! / (2 * slow);
  }

  #sum(s: Float64Array, bars: number): number {
    let sum = 0;
    for (let ago = bars - 1; ago >= 0; ago--) sum += this.#history.high(s, ago) + this.#history.low(s, ago);
    return sum;
  }
}
