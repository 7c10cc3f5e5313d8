import { Ema } from './ema.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** Triple exponential moving average: 3·e1 − 3·e2 + e3 over chained EMAs. Source: Mulloy 1994; TA-Lib `TEMA`. */
export class Tema implements Kernel {
  readonly requiredInputs: number;
  readonly #first: Ema;
  readonly #second: Ema;
  readonly #third: Ema;

  constructor(layout: StateLayout, period: number) {
    this.#first = new Ema(layout, period);
    this.#second = new Ema(layout, period);
    this.#third = new Ema(layout, period);
    this.requiredInputs = 3 * period - 2;
  }

  update(s: Float64Array, x: number): number {
    const first = this.#first.update(s, x);
    const second = this.#second.update(s, first);
    return 3 * first - 3 * second + this.#third.update(s, second);
  }
}
