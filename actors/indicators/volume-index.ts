import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Return over the last `window` bars of the negative (`side` −1) or positive (+1) volume index: the close's
 * returns compounded only over bars whose volume fell (rose). Kept as log returns, so it cannot overflow.
 * Source: Dysart; Fosback 1976.
 */
export class VolumeIndexReturn implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #window: number;
  readonly #side: 1 | -1;

  constructor(layout: StateLayout, window: number, side: 1 | -1) {
    this.#at = layout.reserve(1 + window);
    this.#window = window;
    this.#side = side;
    this.requiredInputs = window + 1;
  }

  update(s: Float64Array, logReturn: number, volume: number, previousVolume: number): number {
    if (logReturn !== logReturn) return NaN;
    const at = this.#at;
    const window = this.#window;
    const n = s[at]! | 0;
    s[at + 1 + (n % window)] = this.#side * (volume - previousVolume) > 0 ? logReturn : 0;
    s[at] = n + 1;
    if (n + 1 < window) return NaN;
    let sum = 0;
    for (let i = 1; i <= window; i++) sum += s[at + i]!;
    return Math.expm1(sum);
  }
}
