import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/** On-balance volume: ± the volume of each rising or falling close, from the first bar's volume. TA-Lib `OBV`. */
export class OnBalanceVolume implements Kernel {
  readonly requiredInputs = 1;
  readonly #at: number;

  constructor(layout: StateLayout) {
    this.#at = layout.reserve(1);
  }

  /** `previousClose` is NaN on the first bar. */
  update(s: Float64Array, close: number, previousClose: number, volume: number): number {
    const at = this.#at;
    if (previousClose !== previousClose || close > previousClose) s[at] = s[at]! + volume;
    else if (close < previousClose) s[at] = s[at]! - volume;
    return s[at]!;
  }
}
