import { HISTORY_BARS, type Field, type History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

const MASK = HISTORY_BARS - 1;

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
  readonly #base: number;
  readonly #sign: 1 | -1;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, field: Field, window: number, sign: 1 | -1) {
    this.requiredInputs = window;
    this.#at = layout.reserve(2);
    this.#base = history.base(field);
    this.#sign = sign;
    this.#history = history;
  }

  update(s: Float64Array): void {
    const at = this.#at;
    const base = this.#base;
    const sign = this.#sign;
    const window = this.requiredInputs;
    const bar = this.#history.count(s) - 1;
    const x = s[base + (bar & MASK)]!;
    if (bar === 0 || sign * x >= sign * s[at]!) {
      s[at] = x;
      s[at + 1] = bar;
    } else if (s[at + 1]! <= bar - window) {
      let best = s[base + ((bar - window + 1) & MASK)]!;
      let bestBar = bar - window + 1;
      for (let i = bestBar + 1; i <= bar; i++) {
        const candidate = s[base + (i & MASK)]!;
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
