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
    // Inputs seen; the highest and the input that was it; the lowest and the input that was it; the window.
    this.#at = layout.reserve(5 + window);
  }

  update(s: Float64Array, x: number): void {
    this.highest = NaN;
    this.lowest = NaN;
    if (x !== x) return;
    const at = this.#at;
    const window = this.requiredInputs;
    const n = s[at]! | 0;
    s[at + 5 + (n % window)] = x;
    s[at] = n + 1;
    // Searched again only when the old one has left the window.
    if (n === 0 || x >= s[at + 1]!) {
      s[at + 1] = x;
      s[at + 2] = n;
    } else if (s[at + 2]! <= n - window) this.#search(s, at + 1, n, 1);
    if (n === 0 || x <= s[at + 3]!) {
      s[at + 3] = x;
      s[at + 4] = n;
    } else if (s[at + 4]! <= n - window) this.#search(s, at + 3, n, -1);
    if (n + 1 < window) return;
    this.highest = s[at + 1]!;
    this.lowest = s[at + 3]!;
  }

  #search(s: Float64Array, into: number, n: number, sign: 1 | -1): void {
    const first = this.#at + 5;
    const window = this.requiredInputs;
    const newest = n % window;
    let best = newest;
    let value = sign * s[first + newest]!;
    for (let slot = 0; slot < window; slot++) {
      const candidate = sign * s[first + slot]!;
      if (candidate > value) {
        value = candidate;
        best = slot;
      }
    }
    s[into] = s[first + best]!;
    s[into + 1] = n - newest + best - (best > newest ? window : 0);
  }
}
