import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** Least-squares slope a bar of the last `period` inputs. Unit: the input's a bar. */
export class RollingSlope implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;

  constructor(layout: StateLayout, period: number) {
    this.requiredInputs = period;
    this.#at = layout.reserve(1 + period);
  }

  update(s: Float64Array, x: number): number {
    if (x !== x) return NaN;
    const at = this.#at;
    const period = this.requiredInputs;
    const n = s[at]! | 0;
    s[at + 1 + (n % period)] = x;
    s[at] = n + 1;
    if (n + 1 < period) return NaN;
    const centre = (period - 1) / 2;
    let sum = 0;
    // Against the newest value, so that a large level does not cost precision.
    let slot = (n + 1) % period;
    for (let i = 0; i < period; i++) {
      sum += (i - centre) * (s[at + 1 + slot]! - x);
      if (++slot === period) slot = 0;
    }
    return (12 * sum) / (period * (period * period - 1));
  }
}
