import { keeping, type History } from './history.js';
import { ratio, type Kernel } from './kernel.js';

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
    keeping(history.volumes, period);
  }

  update(s: Float64Array): void {
    const history = this.#history;
    const n = history.bars;
    this.moneyFlow = this.vwap = NaN;
    if (n < this.requiredInputs) return;
    const { base: highs, mask: highMask } = history.highs;
    const lows = history.lows.base;
    const { base: closes, mask: closeMask } = history.closes;
    const { base: volumes, mask } = history.volumes;
    const typicals = history.typicals.base;
    let flow = 0;
    let value = 0;
    let volume = 0;
    let close = NaN;
    for (let i = n - this.requiredInputs; i < n; i++) {
      const high = s[highs + (i & highMask)]!;
      const low = s[lows + (i & highMask)]!;
      const v = s[volumes + (i & mask)]!;
      close = s[closes + (i & closeMask)]!;
      flow += ratio(close - low - (high - close), high - low) * v;
      value += s[typicals + (i & mask)]! * v;
      volume += v;
    }
    this.moneyFlow = Math.max(-1, Math.min(1, ratio(flow, volume)));
    this.vwap = volume > 0 ? value / volume : close;
  }
}
