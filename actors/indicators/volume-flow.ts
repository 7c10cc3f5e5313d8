import { FIELD, HISTORY_BARS, type History } from './history.js';
import { ratio, type Kernel } from './kernel.js';

const MASK = HISTORY_BARS - 1;

/**
 * Where the volume of the last `period` bars went: `moneyFlow`, Chaikin's money flow (−1..1; Σ volume · place of
 * the close in its bar, over Σ volume; 0 without volume), and `vwap`, the volume-weighted typical price (the close
 * without volume). One pass makes both. Source: Chaikin, in Colby 2003.
 */
export class VolumeFlow implements Kernel {
  readonly requiredInputs: number;
  moneyFlow = NaN;
  vwap = NaN;
  readonly #history: History;

  constructor(history: History, period: number) {
    this.requiredInputs = period;
    this.#history = history;
  }

  update(s: Float64Array): void {
    const history = this.#history;
    const n = history.count(s);
    this.moneyFlow = this.vwap = NaN;
    if (n < this.requiredInputs) return;
    const highs = history.base(FIELD.high);
    const lows = history.base(FIELD.low);
    const closes = history.base(FIELD.close);
    const typicals = history.base(FIELD.typical);
    const volumes = history.base(FIELD.volume);
    let flow = 0;
    let value = 0;
    let volume = 0;
    let close = NaN;
    for (let i = n - this.requiredInputs; i < n; i++) {
      const slot = i & MASK;
      const high = s[highs + slot]!;
      const low = s[lows + slot]!;
      const v = s[volumes + slot]!;
      close = s[closes + slot]!;
      flow += ratio(close - low - (high - close), high - low) * v;
      value += s[typicals + slot]! * v;
      volume += v;
    }
    this.moneyFlow = Math.max(-1, Math.min(1, ratio(flow, volume)));
    this.vwap = volume > 0 ? value / volume : close;
  }
}
