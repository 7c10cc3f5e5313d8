import { Ema } from './ema.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** Double exponential moving average: 2·EMA − EMA(EMA). Source: Mulloy 1994; TA-Lib `DEMA`. */
export class Dema implements Kernel {
  readonly requiredInputs: number;
  readonly #first: Ema;
  readonly #second: Ema;

  constructor(layout: StateLayout, period: number) {
    this.#first = new Ema(layout, period);
    this.#second = new Ema(layout, period);
    this.requiredInputs = 2 * period - 1;
  }

  update(s: Float64Array, x: number): number {
    const first = this.#first.update(s, x);
    return 2 * first - this.#second.update(s, first);
  }
}
