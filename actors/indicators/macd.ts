import { Ema } from './ema.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Moving average convergence/divergence: EMA(fast) − EMA(slow), its EMA(signal) and their difference.
 * Unit: the input's. Fed with the slow EMA too, which others want as well. Source: Appel; TA-Lib `MACD`, whose
 * fast average starts late so that both seeds end on the same bar. All three values begin together. After `update`
 * the values are in `line`, `signal`, `histogram`.
 */
export class Macd implements Kernel {
  readonly requiredInputs: number;
  line = NaN;
  signal = NaN;
  histogram = NaN;
  readonly #fast: Ema;
  readonly #signal: Ema;

  constructor(layout: StateLayout, fast: number, slow: number, signal: number) {
    this.#fast = new Ema(layout, fast, slow - fast);
    this.#signal = new Ema(layout, signal);
    this.requiredInputs = slow + signal - 1;
  }

  /** `slow` is the EMA(slow) of the same input, NaN before it has a value. */
  update(s: Float64Array, x: number, slow: number): void {
    const line = this.#fast.update(s, x) - slow;
    this.signal = this.#signal.update(s, line);
    this.line = this.signal === this.signal ? line : NaN;
    this.histogram = line - this.signal;
  }
}
