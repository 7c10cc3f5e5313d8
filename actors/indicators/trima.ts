import type { Kernel } from './kernel.js';
import { Sma } from './sma.js';
import type { StateLayout } from './state.js';

/**
 * Triangular moving average: the SMA of an SMA, windows n/2 and n/2 + 1 for an even period and (n + 1)/2
 * twice for an odd one. Unit: the input's. Source: TA-Lib `TRIMA`.
 */
export class Trima implements Kernel {
  readonly requiredInputs: number;
  readonly #inner: Sma;
  readonly #outer: Sma;

  constructor(layout: StateLayout, period: number) {
    const inner = Math.ceil(period / 2);
    this.#inner = new Sma(layout, inner);
    this.#outer = new Sma(layout, period - inner + 1);
    this.requiredInputs = period;
  }

  update(s: Float64Array, x: number): number {
    return this.#outer.update(s, this.#inner.update(s, x));
  }
}
