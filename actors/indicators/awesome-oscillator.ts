import type { Kernel } from './kernel.js';
import { Sma } from './sma.js';
import type { StateLayout } from './state.js';

/** Awesome oscillator: SMA of (high + low)/2 over `fast` bars less that over `slow`. Unit: price. Source: Williams 1998. */
export class AwesomeOscillator implements Kernel {
  readonly requiredInputs: number;
  readonly #fast: Sma;
  readonly #slow: Sma;

  constructor(layout: StateLayout, fast: number, slow: number) {
    this.requiredInputs = slow;
    this.#fast = new Sma(layout, fast);
    this.#slow = new Sma(layout, slow);
  }

  update(s: Float64Array, high: number, low: number): number {
    const middle = (high + low) / 2;
    return this.#fast.update(s, middle) - this.#slow.update(s, middle);
  }
}
