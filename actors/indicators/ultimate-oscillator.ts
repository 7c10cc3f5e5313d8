import { FIELD, HISTORY_BARS, type History } from './history.js';
import type { Kernel } from './kernel.js';

const MASK = HISTORY_BARS - 1;

/**
 * Williams' ultimate oscillator, 0..100: buying pressure over true range in three windows, weighted 4:2:1.
 * A window without range counts nothing. Source: TA-Lib `ULTOSC`.
 */
export class UltimateOscillator implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #short: number;
  readonly #middle: number;
  readonly #long: number;

  constructor(history: History, short: number, middle: number, long: number) {
    this.#history = history;
    this.#short = short;
    this.#middle = middle;
    this.#long = long;
    this.requiredInputs = long + 1;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    if (history.count(s) < this.requiredInputs) return NaN;
    const newest = history.count(s) - 1;
    const lows = history.base(FIELD.low);
    const closes = history.base(FIELD.close);
    const ranges = history.base(FIELD.trueRange);
    let pressure = 0;
    let range = 0;
    let output = 0;
    for (let ago = 0; ago < this.#long; ago++) {
      const slot = (newest - ago) & MASK;
      const low = s[lows + slot]!;
      const before = s[closes + ((newest - ago - 1) & MASK)]!;
      pressure += s[closes + slot]! - (low < before ? low : before);
      range += s[ranges + slot]!;
      if (range === 0) continue;
      if (ago === this.#short - 1) output += 4 * (pressure / range);
      else if (ago === this.#middle - 1) output += 2 * (pressure / range);
      else if (ago === this.#long - 1) output += pressure / range;
    }
    return 100 * (output / 7);
  }
}
