import { ratio, type Kernel } from './kernel.js';
import { Sma } from './sma.js';
import type { StateLayout } from './state.js';

/**
 * Stochastic oscillator, 0..100, from extremes the caller knows: `fastK` the place of the close between them,
 * `fastD` its mean (which is the slow %K too), `slowD` the mean of that. A value is NaN until what smooths it is
 * known, as in TA-Lib `STOCHF` and `STOCH`. 0 where the extremes meet.
 */
export class Stochastic implements Kernel {
  readonly requiredInputs: number;
  fastK = NaN;
  fastD = NaN;
  slowK = NaN;
  slowD = NaN;
  readonly #fastMean: Sma;
  readonly #slowMean: Sma;

  constructor(layout: StateLayout, period: number) {
    this.requiredInputs = period;
    this.#fastMean = new Sma(layout, period);
    this.#slowMean = new Sma(layout, period);
  }

  update(s: Float64Array, close: number, highest: number, lowest: number): void {
    const place = 100 * ratio(close - lowest, highest - lowest);
    const mean = this.#fastMean.update(s, place);
    this.fastK = mean === mean ? place : NaN;
    this.fastD = mean;
    this.slowD = this.#slowMean.update(s, mean);
    this.slowK = this.slowD === this.slowD ? mean : NaN;
  }
}
