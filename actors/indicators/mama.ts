import type { HilbertCycle } from './hilbert.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * MESA adaptive moving average and its follower, in `mama` and `fama` (input's unit): an EMA whose constant
 * is fastLimit divided by the phase change of the bar, not under slowLimit. Source: Ehlers 2001; TA-Lib `MAMA`.
 */
export class Mama implements Kernel {
  readonly requiredInputs = 33;
  mama = NaN;
  fama = NaN;
  readonly #at: number;
  readonly #fastLimit: number;
  readonly #slowLimit: number;

  constructor(layout: StateLayout, fastLimit: number, slowLimit: number) {
    // bars, mama, fama, previous phase
    this.#at = layout.reserve(4);
    this.#fastLimit = fastLimit;
    this.#slowLimit = slowLimit;
  }

  /** `cycle` must have taken the same price already. */
  update(s: Float64Array, price: number, cycle: HilbertCycle): void {
    const at = this.#at;
    s[at] = s[at]! + 1;
    if (cycle.active) {
      const change = Math.max(1, s[at + 3]! - cycle.phase);
      s[at + 3] = cycle.phase;
      const alpha = change > 1 ? Math.max(this.#fastLimit / change, this.#slowLimit) : this.#fastLimit;
      s[at + 1] = alpha * price + (1 - alpha) * s[at + 1]!;
      s[at + 2] = alpha * 0.5 * s[at + 1]! + (1 - alpha * 0.5) * s[at + 2]!;
    }
    const ready = s[at]! >= this.requiredInputs;
    this.mama = ready ? s[at + 1]! : NaN;
    this.fama = ready ? s[at + 2]! : NaN;
  }
}
