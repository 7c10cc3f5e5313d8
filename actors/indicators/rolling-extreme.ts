import { keeping, type History, type Ring } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Highest (`sign` +1) or lowest (−1) value of a history field over a window, and how many bars ago it was;
 * of equals, the newest. The window is searched again only when the extreme leaves it. After `update` the
 * answers are in `value` and `ago`. Source: TA-Lib `MAX`, `MIN`, and the search inside `AROON`.
 */
export class RollingExtreme implements Kernel {
  readonly requiredInputs: number;
  value = NaN;
  ago = NaN;
  readonly #at: number;
  readonly #ring: Ring;
  readonly #sign: 1 | -1;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, ring: Ring, window: number, sign: 1 | -1) {
    this.requiredInputs = window;
    this.#at = layout.reserve(2);
    this.#ring = keeping(ring, window);
    this.#sign = sign;
    this.#history = history;
  }

  update(s: Float64Array): void {
    const at = this.#at;
    const { base, mask } = this.#ring;
    const sign = this.#sign;
    const bar = this.#history.bars - 1;
    const x = s[base + (bar & mask)]!;
    if (bar === 0 || sign * x >= sign * s[at]!) {
      s[at] = x;
      s[at + 1] = bar;
    } else if (s[at + 1]! <= bar - this.requiredInputs) this.#search(s, bar);
    const known = bar >= this.requiredInputs - 1;
    this.value = known ? s[at]! : NaN;
    this.ago = known ? bar - s[at + 1]! : NaN;
  }

  #search(s: Float64Array, bar: number): void {
    const { base, mask } = this.#ring;
    const sign = this.#sign;
    let bestBar = bar - this.requiredInputs + 1;
    let best = sign * s[base + (bestBar & mask)]!;
    for (let i = bestBar + 1; i <= bar; i++) {
      const candidate = sign * s[base + (i & mask)]!;
      if (candidate >= best) {
        best = candidate;
        bestBar = i;
      }
    }
    s[this.#at] = sign * best;
    s[this.#at + 1] = bestBar;
  }
}
