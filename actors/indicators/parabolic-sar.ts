import type { History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Wilder's parabolic stop and reverse: `value` (price) and `direction` (+1 long, −1 short) of the position
 * held after this bar. Source: Wilder 1978; TA-Lib `SAR`: the first direction comes from the directional
 * movement of the second bar, and the stop never enters the range of the last two bars.
 */
export class ParabolicSar implements Kernel {
  readonly requiredInputs = 2;
  value = NaN;
  direction = NaN;
  readonly #at: number;
  readonly #history: History;
  readonly #step: number;
  readonly #limit: number;

  constructor(layout: StateLayout, history: History, step: number, limit: number) {
    // long?, extreme point, acceleration, next stop
    this.#at = layout.reserve(4);
    this.#history = history;
    this.#step = step;
    this.#limit = limit;
  }

  update(s: Float64Array): void {
    const history = this.#history;
    const at = this.#at;
    const bar = history.bars - 1;
    if (bar < 1) {
      this.value = this.direction = NaN;
      return;
    }
    const high = history.high(s, 0);
    const low = history.low(s, 0);
    let previousHigh = history.high(s, 1);
    let previousLow = history.low(s, 1);
    if (bar === 1) {
      const up = high - previousHigh;
      const down = previousLow - low;
      const long = !(down > 0 && up < down);
      s[at] = long ? 1 : 0;
      s[at + 1] = long ? high : low;
      s[at + 2] = this.#step;
      s[at + 3] = long ? previousLow : previousHigh;
      // TA-Lib takes the second bar as its own predecessor on the first step.
      previousHigh = high;
      previousLow = low;
    }
    if (s[at] === 1) this.#long(s, high, low, previousHigh, previousLow);
    else this.#short(s, high, low, previousHigh, previousLow);
    this.direction = s[at] === 1 ? 1 : -1;
  }

  #long(s: Float64Array, high: number, low: number, previousHigh: number, previousLow: number): void {
    const at = this.#at;
    let stop = s[at + 3]!;
    if (low <= stop) {
      stop = Math.max(s[at + 1]!, previousHigh, high);
      this.value = stop;
      s[at] = 0;
      s[at + 2] = this.#step;
      s[at + 1] = low;
      s[at + 3] = Math.max(stop + this.#step * (low - stop), previousHigh, high);
      return;
    }
    this.value = stop;
    if (high > s[at + 1]!) {
      s[at + 1] = high;
      s[at + 2] = Math.min(s[at + 2]! + this.#step, this.#limit);
    }
    s[at + 3] = Math.min(stop + s[at + 2]! * (s[at + 1]! - stop), previousLow, low);
  }

  #short(s: Float64Array, high: number, low: number, previousHigh: number, previousLow: number): void {
    const at = this.#at;
    let stop = s[at + 3]!;
    if (high >= stop) {
      stop = Math.min(s[at + 1]!, previousLow, low);
      this.value = stop;
      s[at] = 1;
      s[at + 2] = this.#step;
      s[at + 1] = high;
      s[at + 3] = Math.min(stop + this.#step * (high - stop), previousLow, low);
      return;
    }
    this.value = stop;
    if (low < s[at + 1]!) {
      s[at + 1] = low;
      s[at + 2] = Math.min(s[at + 2]! + this.#step, this.#limit);
    }
    s[at + 3] = Math.max(stop + s[at + 2]! * (s[at + 1]! - stop), previousHigh, high);
  }
}
