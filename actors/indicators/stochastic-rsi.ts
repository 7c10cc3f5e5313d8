import { negligible, type Kernel } from './kernel.js';
import { Sma } from './sma.js';
import type { StateLayout } from './state.js';
import { WindowExtremes } from './window-extremes.js';

/**
 * Fast stochastic of an oscillator over `period` of its values: `k` its place between their extremes, 0..100, `d`
 * the mean of `mean` of them; both known once `d` is. Source: TA-Lib `STOCHRSI`; Chande & Kroll 1994.
 */
export class StochasticRsi implements Kernel {
  readonly requiredInputs: number;
  k = NaN;
  d = NaN;
  readonly #extremes: WindowExtremes;
  readonly #mean: Sma;

  constructor(layout: StateLayout, period: number, mean: number) {
    this.requiredInputs = period + mean - 1;
    this.#extremes = new WindowExtremes(layout, period);
    this.#mean = new Sma(layout, mean);
  }

  update(s: Float64Array, rsi: number): void {
    const extremes = this.#extremes;
    extremes.update(s, rsi);
    const { highest, lowest } = extremes;
    const range = highest - lowest;
    const place = negligible(range, highest + lowest) ? 0 : 100 * ((rsi - lowest) / range);
    this.d = this.#mean.update(s, place);
    this.k = this.d === this.d ? place : NaN;
  }
}
