import type { History } from './history.js';
import type { Kernel } from './kernel.js';
import { RollingExtreme } from './rolling-extreme.js';
import type { StateLayout } from './state.js';

/**
 * Aroon, 0..100: how lately the high (`up`) and the low (`down`) of the last `period` + 1 bars were made; 100 is
 * now. The extremes themselves are in `highest` and `lowest`. Source: TA-Lib `AROON`; Chande 1995.
 */
export class Aroon implements Kernel {
  readonly requiredInputs: number;
  up = NaN;
  down = NaN;
  readonly highest: RollingExtreme;
  readonly lowest: RollingExtreme;
  readonly #period: number;
  readonly #scale: number;

  constructor(layout: StateLayout, history: History, period: number) {
    this.requiredInputs = period + 1;
    this.#period = period;
    this.#scale = 100 / period;
    this.highest = new RollingExtreme(layout, history, history.highs, period + 1, 1);
    this.lowest = new RollingExtreme(layout, history, history.lows, period + 1, -1);
  }

  update(s: Float64Array): void {
    this.highest.update(s);
    this.lowest.update(s);
    this.up = this.#scale * (this.#period - this.highest.ago);
    this.down = this.#scale * (this.#period - this.lowest.ago);
  }
}
