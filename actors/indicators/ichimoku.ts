import { Delay } from './delay.js';
import type { History } from './history.js';
import type { Kernel } from './kernel.js';
import { RollingExtreme } from './rolling-extreme.js';
import type { StateLayout } from './state.js';

const CONVERSION = 9;
const BASE = 26;
const SPAN = 52;

/**
 * Ichimoku Kinkō Hyō (9, 26, 52): the middle lines of 9 and 26 bars, and the two edges of the cloud drawn 26 bars
 * ahead, as they lie over the newest bar. Unit: price. Source: Hosoda 1969.
 */
export class Ichimoku implements Kernel {
  readonly requiredInputs = BASE;
  conversion = NaN;
  base = NaN;
  leadingA = NaN;
  leadingB = NaN;
  readonly #highest9: RollingExtreme;
  readonly #lowest9: RollingExtreme;
  readonly #highest52: RollingExtreme;
  readonly #lowest52: RollingExtreme;
  readonly #leadingA: Delay;
  readonly #leadingB: Delay;

  constructor(layout: StateLayout, history: History) {
    this.#highest9 = new RollingExtreme(layout, history, history.highs, CONVERSION, 1);
    this.#lowest9 = new RollingExtreme(layout, history, history.lows, CONVERSION, -1);
    this.#highest52 = new RollingExtreme(layout, history, history.highs, SPAN, 1);
    this.#lowest52 = new RollingExtreme(layout, history, history.lows, SPAN, -1);
    this.#leadingA = new Delay(layout, BASE);
    this.#leadingB = new Delay(layout, BASE);
  }

  /** Takes the extremes of the last 26 bars, which others need too. */
  update(s: Float64Array, highest26: number, lowest26: number): void {
    this.#highest9.update(s);
    this.#lowest9.update(s);
    this.#highest52.update(s);
    this.#lowest52.update(s);
    this.conversion = (this.#highest9.value + this.#lowest9.value) / 2;
    this.base = (highest26 + lowest26) / 2;
    this.leadingA = this.#leadingA.update(s, (this.conversion + this.base) / 2);
    this.leadingB = this.#leadingB.update(s, (this.#highest52.value + this.#lowest52.value) / 2);
  }

  /** +1 where `close` is above the cloud, −1 below, 0 within; NaN before there is one. */
  side(close: number): number {
    const { leadingA: a, leadingB: b } = this;
    if (b !== b) return NaN;
    if (close > Math.max(a, b)) return 1;
    return close < Math.min(a, b) ? -1 : 0;
  }
}
