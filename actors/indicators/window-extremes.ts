import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** Highest and lowest of the last `window` inputs of any kind, in `highest` and `lowest` after `update`. */
export class WindowExtremes implements Kernel {
  readonly requiredInputs: number;
  highest = NaN;
  lowest = NaN;
  readonly #at: number;

  constructor(layout: StateLayout, window: number) {
    this.requiredInputs = window;
    this.#at = layout.reserve(1 + window);
  }

  update(s: Float64Array, x: number): void {
    this.highest = NaN;
    this.lowest = NaN;
    if (x !== x) return;
    const at = this.#at;
    const window = this.requiredInputs;
    const n = s[at]! | 0;
    s[at + 1 + (n % window)] = x;
    s[at] = n + 1;
    if (n + 1 < window) return;
    let highest = x;
    let lowest = x;
    for (let i = 1; i <= window; i++) {
      const y = s[at + i]!;
      if (y > highest) highest = y;
      if (y < lowest) lowest = y;
    }
    this.highest = highest;
    this.lowest = lowest;
  }
}
