import { Ema } from './ema.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Double exponential moving average: 2·EMA − EMA(EMA). Fed with the EMA, which others want too; EMA(EMA) is in
 * `second` after `update`. Source: Mulloy 1994; TA-Lib `DEMA`.
 */
export class Dema implements Kernel {
  readonly requiredInputs: number;
  second = NaN;
  readonly #second: Ema;

  constructor(layout: StateLayout, period: number) {
    this.#second = new Ema(layout, period);
    this.requiredInputs = 2 * period - 1;
  }

  /** `first` is the EMA of the same period, NaN before it has a value. */
  update(s: Float64Array, first: number): number {
    this.second = this.#second.update(s, first);
    return 2 * first - this.second;
  }
}
