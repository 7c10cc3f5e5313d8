import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** The input of `bars` calls ago; NaN inputs count as calls. */
export class Delay implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;

  constructor(layout: StateLayout, bars: number) {
    this.requiredInputs = bars + 1;
    this.#at = layout.reserve(2 + bars);
  }

  update(s: Float64Array, x: number): number {
    const at = this.#at;
    const size = this.requiredInputs;
    const n = s[at]! | 0;
    s[at + 1 + (n % size)] = x;
    s[at] = n + 1;
    return n + 1 < size ? NaN : s[at + 1 + ((n + 1) % size)]!;
  }
}
