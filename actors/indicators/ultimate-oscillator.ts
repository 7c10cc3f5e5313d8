import { keeping, type History } from './history.js';
import { RENEWAL, TALIB_RESIDUE, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Williams' ultimate oscillator, 0..100: buying pressure over true range in three windows, weighted 4:2:1.
 * A window without range counts nothing. Running sums as in TA-Lib. Source: TA-Lib `ULTOSC`.
 */
export class UltimateOscillator implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #sums: number;
  readonly #history: History;
  readonly #windows: readonly [number, number, number];

  constructor(layout: StateLayout, history: History, short: number, middle: number, long: number) {
    // The buying pressure of the bars whose true range the history keeps, slot for slot.
    this.#at = layout.reserve(keeping(history.trueRanges, long + 1).mask + 1);
    // Pressure and range of each window, then bars without range.
    this.#sums = layout.reserve(7);
    this.#history = history;
    this.#windows = [short, middle, long];
    this.requiredInputs = long + 1;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const newest = history.bars - 1;
    if (newest < 1) return NaN;
    const { base, mask } = history.trueRanges;
    const pressure = history.close(s, 0) - Math.min(history.low(s, 0), history.close(s, 1));
    const range = s[base + (newest & mask)]!;
    s[this.#at + (newest & mask)] = pressure;
    const still = this.#sums + 6;
    s[still] = range === 0 ? s[still]! + 1 : 0;
    let output = 0;
    for (let i = 0; i < 3; i++) output += (4 >> i) * this.#window(s, i, newest, pressure, range);
    return newest < this.requiredInputs - 1 ? NaN : 100 * (output / 7);
  }

  #window(s: Float64Array, i: number, newest: number, pressure: number, range: number): number {
    const at = this.#sums + 2 * i;
    const period = this.#windows[i]!;
    let pressures = s[at]!;
    let ranges = s[at + 1]!;
    let left = 0;
    if (newest > period) {
      const { base, mask } = this.#history.trueRanges;
      const slot = (newest - period) & mask;
      left = s[base + slot]!;
      pressures -= s[this.#at + slot]!;
      ranges -= left;
    }
    pressures += pressure;
    ranges += range;
    // A window without range has none, whatever rounding left of the sums.
    if (s[this.#sums + 6]! >= period) pressures = ranges = 0;
    s[at] = pressures;
    s[at + 1] = ranges;
    if (newest > period && ((newest & RENEWAL) === 0 || left > TALIB_RESIDUE * ranges))
      this.#renew(s, at, period, newest);
    return s[at + 1]! > 0 ? s[at]! / s[at + 1]! : 0;
  }

  #renew(s: Float64Array, at: number, period: number, newest: number): void {
    const { base, mask } = this.#history.trueRanges;
    let pressures = 0;
    let ranges = 0;
    for (let i = newest - period + 1; i <= newest; i++) {
      pressures += s[this.#at + (i & mask)]!;
      ranges += s[base + (i & mask)]!;
    }
    s[at] = pressures;
    s[at + 1] = ranges;
  }
}
