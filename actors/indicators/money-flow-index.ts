import type { History } from './history.js';
import { negligible, type Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

/**
 * Money flow index, 0..100: the share of money flow on bars whose typical price rose; 0 without any flow. A typical
 * price that differs from the one before by rounding alone has not moved. Source: TA-Lib `MFI`.
 */
export class MoneyFlowIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #at: number;
  readonly #period: number;
  readonly #history: History;

  constructor(layout: StateLayout, history: History, period: number) {
    this.#at = layout.reserve(period);
    this.#period = period;
    this.#history = history;
    this.requiredInputs = period + 1;
  }

  /** `volume` 0 stands for an unknown one. */
  update(s: Float64Array, volume: number): number {
    const at = this.#at;
    const period = this.#period;
    const bar = this.#history.bars - 1;
    if (bar === 0) return NaN;
    const typical = this.#history.typical(s, 0);
    const previous = this.#history.typical(s, 1);
    const flow = typical * volume;
    const change = typical - previous;
    s[at + (bar % period)] = negligible(change, typical + previous) ? 0 : change < 0 ? -flow : flow;
    if (bar < period) return NaN;
    let positive = 0;
    let total = 0;
    for (let i = 0; i < period; i++) {
      const x = s[at + i]!;
      const size = Math.abs(x);
      // Half of its double or 0: exact, and without an unpredictable branch.
      positive += (size + x) / 2;
      total += size;
    }
    return total === 0 ? 0 : 100 * (positive / total);
  }
}
