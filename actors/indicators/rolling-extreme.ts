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
    const window = this.requiredInputs;
    const bar = this.#history.bars - 1;
    const x = s[base + (bar & mask)]!;
    if (bar === 0 || sign * x >= sign * s[at]!) {
      s[at] = x;
      s[at + 1] = bar;
    } else if (s[at + 1]! <= bar - window) {
      let best = s[base + ((bar - window + 1) & mask)]!;
      let bestBar = bar - window + 1;
      for (let i = bestBar + 1; i <= bar; i++) {
        const candidate = s[base + (i & mask)]!;
        if (sign * candidate >= sign * best) {
          best = candidate;
          bestBar = i;
        }
      }
      s[at] = best;
      s[at + 1] = bestBar;
    }
    if (bar < window - 1) {
      this.value = NaN;
      this.ago = NaN;
      return;
    }
    this.value = s[at]!;
    this.ago = bar - s[at + 1]!;
  }
}
