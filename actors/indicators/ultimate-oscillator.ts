import { keeping, type History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Williams' ultimate oscillator, 0..100: buying pressure over true range in three windows, weighted 4:2:1.
 * A window without range counts nothing. Source: TA-Lib `ULTOSC`.
 */
export class UltimateOscillator implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #history: History;
  readonly #windows: readonly [number, number, number];

  constructor(layout: StateLayout, history: History, short: number, middle: number, long: number) {
    // The buying pressure of the bars whose true range the history keeps, slot for slot.
    this.#at = layout.reserve(keeping(history.trueRanges, long).mask + 1);
    this.#history = history;
    this.#windows = [short, middle, long];
    this.requiredInputs = long + 1;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const newest = history.bars - 1;
    if (newest < 1) return NaN;
    const close = history.close(s, 0);
    s[this.#at + (newest & history.trueRanges.mask)] =
      close - Math.min(history.low(s, 0), history.close(s, 1));
    return newest < this.requiredInputs - 1 ? NaN : this.#weigh(s, newest);
  }

  #weigh(s: Float64Array, newest: number): number {
    const { base: ranges, mask } = this.#history.trueRanges;
    const pressures = this.#at;
    let pressure = 0;
    let range = 0;
    let output = 0;
    let ago = 0;
    for (let i = 0; i < 3; i++) {
      for (const end = this.#windows[i]!; ago < end; ago++) {
        const slot = (newest - ago) & mask;
        pressure += s[pressures + slot]!;
        range += s[ranges + slot]!;
      }
      if (range !== 0) output += (4 >> i) * (pressure / range);
    }
    return 100 * (output / 7);
  }
}
