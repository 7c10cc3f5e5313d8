import type { History } from './history.js';
import { ratio, type Kernel } from './kernel.js';
import { Sma } from './sma.js';
import type { StateLayout } from './state.js';

/**
 * Ease of movement: the mean over `period` bars of the middle's move times the bar's range over its volume; 0 for
 * a bar without volume. Unit: price² / volume. Source: Arms 1996.
 */
export class EaseOfMovement implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;
  readonly #mean: Sma;

  constructor(layout: StateLayout, history: History, period: number) {
    this.#history = history;
    this.#mean = new Sma(layout, period);
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    if (history.bars < 2) return NaN;
    const high = history.high(s, 0);
    const low = history.low(s, 0);
    const move = (high + low) / 2 - (history.high(s, 1) + history.low(s, 1)) / 2;
    return this.#mean.update(s, ratio(move * (high - low), history.volume(s, 0)));
  }
}
