import { Ema } from './ema.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Absolute and percentage price oscillator over EMAs: `absolute` = fast − slow (input's unit), `percentage`
 * = 100·(fast − slow)/slow. Source: TA-Lib `APO` and `PPO` (0.7: each average seeded on its own first bars).
 */
export class PriceOscillator implements Kernel {
  readonly requiredInputs: number;
  absolute = NaN;
  percentage = NaN;
  readonly #fast: Ema;
  readonly #slow: Ema;

  constructor(layout: StateLayout, fast: number, slow: number) {
    this.#fast = new Ema(layout, fast);
    this.#slow = new Ema(layout, slow);
    this.requiredInputs = slow;
  }

  update(s: Float64Array, x: number): void {
    const fast = this.#fast.update(s, x);
    const slow = this.#slow.update(s, x);
    this.absolute = fast - slow;
    this.percentage = slow === 0 ? 0 : (100 * (fast - slow)) / slow;
  }
}
