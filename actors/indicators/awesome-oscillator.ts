import { FIELD, type History } from './history.js';
import type { Kernel } from './kernel.js';
import { windowMean } from './window-statistics.js';

/** Awesome oscillator: SMA of (high + low)/2 over `fast` bars less that over `slow`. Unit: price. Source: Williams 1998. */
export class AwesomeOscillator implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #fast: number;

  constructor(history: History, fast: number, slow: number) {
    this.#history = history;
    this.#fast = fast;
    this.requiredInputs = slow;
  }

  update(s: Float64Array): number {
    if (this.#history.count(s) < this.requiredInputs) return NaN;
    return this.#middle(s, this.#fast) - this.#middle(s, this.requiredInputs);
  }

  #middle(s: Float64Array, bars: number): number {
    const history = this.#history;
    return (windowMean(s, history, FIELD.high, bars) + windowMean(s, history, FIELD.low, bars)) / 2;
  }
}
