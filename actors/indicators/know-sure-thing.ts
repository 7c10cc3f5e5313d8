import type { History } from './history.js';
import type { Kernel } from './kernel.js';
import { rateOfChange } from './rate-of-change.js';
import { Sma } from './sma.js';
import type { StateLayout } from './state.js';

/** Bars of the rate of change, bars of its mean, for the weights 1 to 4. Source: Pring, S&C 1992. */
const STEPS = [
  [10, 10],
  [15, 10],
  [20, 10],
  [30, 15],
] as const;
const SIGNAL = 9;

/** Pring's know sure thing: a weighted sum of four smoothed rates of change, and its mean of 9. Unit: percent. */
export class KnowSureThing implements Kernel {
  readonly requiredInputs = 45;
  line = NaN;
  signal = NaN;
  readonly #history: History;
  readonly #means: readonly Sma[];
  readonly #signal: Sma;

  constructor(layout: StateLayout, history: History) {
    this.#history = history;
    this.#means = STEPS.map(([, mean]) => new Sma(layout, mean));
    this.#signal = new Sma(layout, SIGNAL);
  }

  update(s: Float64Array): void {
    let line = 0;
    for (let i = 0; i < STEPS.length; i++) {
      line += (i + 1) * this.#means[i]!.update(s, rateOfChange(s, this.#history, STEPS[i]![0]));
    }
    this.line = line;
    this.signal = this.#signal.update(s, line);
  }
}
