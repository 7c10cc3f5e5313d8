import { FIELD, HISTORY_BARS, type History } from './history.js';
import type { Kernel } from './kernel.js';

const MASK = HISTORY_BARS - 1;

/**
 * Chande's intraday momentum index, 0..100: the share of up bodies in all bodies; 50 where there are none, as TA-Lib has
 * it since 0.8 (0.7 divides by zero). Source: TA-Lib `IMI`.
 */
export class IntradayMomentumIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
  }

  update(s: Float64Array): number {
    const n = this.#history.count(s);
    if (n < this.requiredInputs) return NaN;
    const opens = this.#history.base(FIELD.open);
    const closes = this.#history.base(FIELD.close);
    let up = 0;
    let down = 0;
    for (let i = n - this.requiredInputs; i < n; i++) {
      const slot = i & MASK;
      const body = s[closes + slot]! - s[opens + slot]!;
      if (body > 0) up += body;
      else down -= body;
    }
    return up + down === 0 ? 50 : 100 * (up / (up + down));
  }
}
