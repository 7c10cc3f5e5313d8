import { Ema } from './ema.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** One-bar rate of change of a triple EMA. Unit: percent. Source: TA-Lib `TRIX`. */
export class Trix implements Kernel {
  readonly requiredInputs: number;
  readonly #first: Ema;
  readonly #second: Ema;
  readonly #third: Ema;
  readonly #at: number;

  constructor(layout: StateLayout, period: number) {
    this.requiredInputs = 3 * (period - 1) + 2;
    this.#first = new Ema(layout, period);
    this.#second = new Ema(layout, period);
    this.#third = new Ema(layout, period);
    this.#at = layout.reserve(1);
  }

  update(s: Float64Array, x: number): number {
    const triple = this.#third.update(s, this.#second.update(s, this.#first.update(s, x)));
    if (triple !== triple) return NaN;
    const previous = s[this.#at]!;
    s[this.#at] = triple;
    return previous === 0 ? NaN : (triple / previous - 1) * 100;
  }
}
