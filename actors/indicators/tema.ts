import { Ema } from './ema.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Triple exponential moving average: 3·e1 − 3·e2 + e3 over chained EMAs. Fed with e1 and e2, which DEMA wants too.
 * Source: Mulloy 1994; TA-Lib `TEMA`.
 */
export class Tema implements Kernel {
  readonly requiredInputs: number;
  readonly #third: Ema;

  constructor(layout: StateLayout, period: number) {
    this.#third = new Ema(layout, period);
    this.requiredInputs = 3 * period - 2;
  }

  /** `first` and `second` are the EMA of the same period and that EMA's EMA, NaN before they have a value. */
  update(s: Float64Array, first: number, second: number): number {
    return 3 * first - 3 * second + this.#third.update(s, second);
  }
}
