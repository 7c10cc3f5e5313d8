import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * SuperTrend: bands at (high + low)/2 ± multiplier·ATR that only tighten while the close stays inside; the
 * line is the lower band in an up trend, the upper in a down trend. `value` in price, `direction` ±1.
 * Source: Olivier Seban; the first direction is the side of the
 * middle the close is on.
 */
export class Supertrend implements Kernel {
  readonly requiredInputs: number;
  value = NaN;
  direction = NaN;
  readonly #at: number;
  readonly #multiplier: number;

  constructor(layout: StateLayout, atrPeriod: number, multiplier: number) {
    // direction (0 before the first), upper, lower, previous close
    this.#at = layout.reserve(4);
    this.#multiplier = multiplier;
    this.requiredInputs = atrPeriod + 1;
  }

  update(s: Float64Array, high: number, low: number, close: number, atr: number): void {
    if (atr !== atr) {
      this.value = this.direction = NaN;
      return;
    }
    const at = this.#at;
    const middle = (high + low) / 2;
    let upper = middle + this.#multiplier * atr;
    let lower = middle - this.#multiplier * atr;
    let direction = s[at]!;
    if (direction === 0) {
      direction = close > middle ? 1 : -1;
    } else {
      if (s[at + 3]! <= s[at + 1]!) upper = Math.min(upper, s[at + 1]!);
      if (s[at + 3]! >= s[at + 2]!) lower = Math.max(lower, s[at + 2]!);
      if (direction < 0 && close > upper) direction = 1;
      else if (direction > 0 && close < lower) direction = -1;
    }
    s[at] = direction;
    s[at + 1] = upper;
    s[at + 2] = lower;
    s[at + 3] = close;
    this.direction = direction;
    this.value = direction > 0 ? lower : upper;
  }
}
