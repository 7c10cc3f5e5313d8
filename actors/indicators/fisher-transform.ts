import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';
import { WindowExtremes } from './window-extremes.js';

/**
 * Ehlers' Fisher transform of the median price over `period` bars: the position in the range, smoothed and
 * held inside ±0.999, made nearly Gaussian. Source: Ehlers, S&C 2002.
 */
export class FisherTransform implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #extremes: WindowExtremes;

  constructor(layout: StateLayout, period: number) {
    this.#at = layout.reserve(2);
    this.#extremes = new WindowExtremes(layout, period);
    this.requiredInputs = period;
  }

  update(s: Float64Array, high: number, low: number): number {
    const at = this.#at;
    const price = (high + low) / 2;
    const extremes = this.#extremes;
    extremes.update(s, price);
    if (extremes.highest !== extremes.highest) return NaN;
    const range = extremes.highest - extremes.lowest;
    const position = range === 0 ? 0 : (price - extremes.lowest) / range - 0.5;
    const value = Math.max(-0.999, Math.min(0.999, 0.66 * position + 0.67 * s[at]!));
    s[at] = value;
    return (s[at + 1] = 0.5 * Math.log((1 + value) / (1 - value)) + 0.5 * s[at + 1]!);
  }
}
