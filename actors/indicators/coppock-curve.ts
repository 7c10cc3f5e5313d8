import type { History } from './history.js';
import type { Kernel } from './kernel.js';
import { rateOfChange } from './rate-of-change.js';
import type { StateLayout } from './state.js';
import { Wma } from './wma.js';

/** Coppock curve: the weighted mean of the sum of two rates of change. Unit: percent. Source: Coppock 1962. */
export class CoppockCurve implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #long: number;
  readonly #short: number;
  readonly #mean: Wma;

  constructor(layout: StateLayout, history: History, long: number, short: number, mean: number) {
    this.#history = history;
    this.#long = long;
    this.#short = short;
    this.#mean = new Wma(layout, mean);
    this.requiredInputs = long + mean;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    return this.#mean.update(s, rateOfChange(s, history, this.#long) + rateOfChange(s, history, this.#short));
  }
}
