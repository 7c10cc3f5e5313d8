import { Ema } from './ema.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Tillson's T3: a weighted sum of the third to sixth of six chained EMAs, weights from the volume factor.
 * Unit: the input's. Source: Tillson, S&C 1998; TA-Lib `T3`.
 */
export class T3 implements Kernel {
  readonly requiredInputs: number;
  readonly #chain: readonly Ema[];
  readonly #c: readonly [number, number, number, number];

  constructor(layout: StateLayout, period: number, volumeFactor: number) {
    this.#chain = Array.from({ length: 6 }, () => new Ema(layout, period));
    const v = volumeFactor;
    this.#c = [
      -v * v * v,
      3 * v * v * (1 + v),
      -6 * v * v - 3 * (v + v * v * v),
      1 + 3 * v + v * v * v + 3 * v * v,
    ];
    this.requiredInputs = 6 * (period - 1) + 1;
  }

  update(s: Float64Array, x: number): number {
    const chain = this.#chain;
    const e3 = chain[2]!.update(s, chain[1]!.update(s, chain[0]!.update(s, x)));
    const e4 = chain[3]!.update(s, e3);
    const e5 = chain[4]!.update(s, e4);
    const e6 = chain[5]!.update(s, e5);
    const c = this.#c;
    return c[0] * e6 + c[1] * e5 + c[2] * e4 + c[3] * e3;
  }
}
