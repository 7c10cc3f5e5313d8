import { Ema } from './ema.js';
import { ratio, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * True strength index, −100..100: the doubly smoothed change over the doubly smoothed absolute change; 0 where
 * nothing moved. Source: Blau, S&C 1991.
 */
export class TrueStrengthIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #change: Ema;
  readonly #changeTwice: Ema;
  readonly #size: Ema;
  readonly #sizeTwice: Ema;

  constructor(layout: StateLayout, long: number, short: number) {
    this.requiredInputs = long + short;
    this.#change = new Ema(layout, long);
    this.#changeTwice = new Ema(layout, short);
    this.#size = new Ema(layout, long);
    this.#sizeTwice = new Ema(layout, short);
  }

  /** Takes the change from one close to the next; NaN on the first bar. */
  update(s: Float64Array, change: number): number {
    const momentum = this.#changeTwice.update(s, this.#change.update(s, change));
    return 100 * ratio(momentum, this.#sizeTwice.update(s, this.#size.update(s, Math.abs(change))));
  }
}
