import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Chaikin's accumulation/distribution line (`line`, volume) and oscillator (`oscillator`: EMA 3 − EMA 10 of
 * it, both seeded with its first value). Source: TA-Lib `AD`, `ADOSC`.
 */
export class AccumulationDistribution implements Kernel {
  readonly requiredInputs: number;
  line = NaN;
  oscillator = NaN;
  /** Money flow volume of the newest bar. */
  flow = NaN;
  readonly #at: number;
  readonly #fast: number;
  readonly #slow: number;

  constructor(layout: StateLayout, fast: number, slow: number) {
    // bars, line, fast EMA, slow EMA
    this.#at = layout.reserve(4);
    this.#fast = 2 / (fast + 1);
    this.#slow = 2 / (slow + 1);
    this.requiredInputs = slow;
  }

  update(s: Float64Array, high: number, low: number, close: number, volume: number): void {
    const at = this.#at;
    const range = high - low;
    this.flow = range > 0 ? ((close - low - (high - close)) / range) * volume : 0;
    const line = s[at + 1]! + this.flow;
    s[at + 1] = line;
    if (s[at] === 0) {
      s[at + 2] = line;
      s[at + 3] = line;
    } else {
      s[at + 2] = this.#fast * line + (1 - this.#fast) * s[at + 2]!;
      s[at + 3] = this.#slow * line + (1 - this.#slow) * s[at + 3]!;
    }
    if (s[at]! < this.requiredInputs) s[at] = s[at]! + 1;
    this.line = line;
    this.oscillator = s[at]! < this.requiredInputs ? NaN : s[at + 2]! - s[at + 3]!;
  }
}
