import { FIELD, type History } from './history.js';
import type { Kernel } from './kernel.js';

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
    let pressure = 0;
    let range = 0;
    let output = 0;
    for (let ago = 0; ago < this.#long; ago++) {
      const close = history.value(s, FIELD.close, ago);
      pressure += close - Math.min(history.value(s, FIELD.low, ago), history.value(s, FIELD.close, ago + 1));
      range += history.value(s, FIELD.trueRange, ago);
      if (range === 0) continue;
      if (ago === this.#short - 1) output += 4 * (pressure / range);
      else if (ago === this.#middle - 1) output += 2 * (pressure / range);
      else if (ago === this.#long - 1) output += pressure / range;
    }
    return 100 * (output / 7);
  }
}
