import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';
import { Wma } from './wma.js';

/**
 * Hull moving average: WMA(√n) of 2·WMA(n/2) − WMA(n). Unit: the input's. Source: Alan Hull, 2005
 * (n/2 and √n rounded down).
 */
export class Hma implements Kernel {
  readonly requiredInputs: number;
  readonly #half: Wma;
  readonly #full: Wma;
  readonly #smooth: Wma;

  constructor(layout: StateLayout, period: number) {
    const root = Math.floor(Math.sqrt(period));
    this.#half = new Wma(layout, Math.floor(period / 2));
    this.#full = new Wma(layout, period);
    this.#smooth = new Wma(layout, root);
    this.requiredInputs = period + root - 1;
  }

  update(s: Float64Array, x: number): number {
    const half = this.#half.update(s, x);
    return this.#smooth.update(s, 2 * half - this.#full.update(s, x));
  }
}
