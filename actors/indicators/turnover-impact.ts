import { keeping, type History } from './history.js';
import { ratio, type Kernel } from './kernel.js';

/**
 * How volume moved the price over the last `period` returns: `upShare`, the share of the volume that traded on
 * rising closes (0..1), and `illiquidity`, Amihud's mean |log return| over turnover, per 10⁹ of turnover, over the
 * bars that had volume. Both 0 without volume; one pass makes both. Source: Amihud 2002.
 */
export class TurnoverImpact implements Kernel {
  readonly requiredInputs: number;
  upShare = NaN;
  illiquidity = NaN;
  readonly #history: History;
  readonly #period: number;

  constructor(history: History, period: number) {
    this.#history = history;
    this.#period = period;
    keeping(history.volumes, period);
    this.requiredInputs = period + 1;
  }

  update(s: Float64Array): void {
    const history = this.#history;
    const n = history.bars;
    this.upShare = this.illiquidity = NaN;
    if (n < this.requiredInputs) return;
    const { base: returns, mask } = history.logReturns;
    const closes = history.closes.base;
    const { base: volumes, mask: volumeMask } = history.volumes;
    let up = 0;
    let total = 0;
    let impact = 0;
    let traded = 0;
    for (let i = n - this.#period; i < n; i++) {
      const r = s[returns + (i & mask)]!;
      const v = s[volumes + (i & volumeMask)]!;
      total += v;
      up += Number(r > 0) * v;
      if (v > 0) {
        impact += Math.abs(r) / (s[closes + (i & mask)]! * v);
        traded++;
      }
    }
    this.upShare = Math.min(1, ratio(up, total));
    this.illiquidity = traded === 0 ? 0 : (1e9 * impact) / traded;
  }
}
