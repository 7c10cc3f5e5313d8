import { keeping, type History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';
import { WilderMomentum } from './wilder-momentum.js';
import { windowBelow } from './window-statistics.js';

/**
 * Connors RSI, 0..100: the mean of RSI(close), RSI(length of the current up or down streak) and the percent
 * rank of the last one-bar return among the `rank` before it. Source: Connors & Alvarez 2012.
 */
export class ConnorsRsi implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #history: History;
  readonly #closeRsi: WilderMomentum;
  readonly #streakRsi: WilderMomentum;
  readonly #rank: number;

  constructor(layout: StateLayout, history: History, period: number, streak: number, rank: number) {
    this.#at = layout.reserve(1);
    this.#history = history;
    this.#closeRsi = new WilderMomentum(layout, period);
    this.#streakRsi = new WilderMomentum(layout, streak);
    this.#rank = rank;
    keeping(history.logReturns, rank + 1);
    this.requiredInputs = rank + 2;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    const n = history.bars;
    const close = history.close(s, 0);
    this.#closeRsi.update(s, close);
    if (n === 1) {
      this.#streakRsi.update(s, 0);
      return NaN;
    }
    const previous = history.close(s, 1);
    const streak = s[this.#at]!;
    const next = close > previous ? Math.max(streak, 0) + 1 : close < previous ? Math.min(streak, 0) - 1 : 0;
    s[this.#at] = next;
    this.#streakRsi.update(s, next);
    if (n < this.requiredInputs) return NaN;
    const below = windowBelow(s, history.logReturns, n - 1, this.#rank, history.logReturn(s, 0));
    return (this.#closeRsi.rsi + this.#streakRsi.rsi + (100 * below) / this.#rank) / 3;
  }
}
