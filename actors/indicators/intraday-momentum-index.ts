import { FIELD, type History } from './history.js';
import type { Kernel } from './kernel.js';

/** Chande's intraday momentum index, 0..100: the share of up bodies in all bodies. Source: TA-Lib `IMI`. */
export class IntradayMomentumIndex implements Kernel {
  readonly requiredInputs: number;
  readonly #history: History;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
  }

  update(s: Float64Array): number {
    const history = this.#history;
    if (history.count(s) < this.requiredInputs) return NaN;
    let up = 0;
    let down = 0;
    for (let ago = this.requiredInputs - 1; ago >= 0; ago--) {
      const body = history.value(s, FIELD.close, ago) - history.value(s, FIELD.open, ago);
      if (body > 0) up += body;
      else down -= body;
    }
    return up + down === 0 ? 0 : 100 * (up / (up + down));
  }
}
