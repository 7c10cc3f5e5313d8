import { Atr } from '../indicators/atr.js';
import { History } from '../indicators/history.js';
import { PriceSma } from '../indicators/price-sma.js';
import { RollingExtreme } from '../indicators/rolling-extreme.js';
import type { StateLayout } from '../indicators/state.js';
import { TradingDays } from '../indicators/trading-days.js';
import { windowMean, windowSquares } from '../indicators/window-statistics.js';
import type { Bar } from '../market/bar.js';

/**
 * What several groups of features share on one bar: the history, ATRs, the volume average, extremes and the
 * trading day. Computed once a bar, before the groups.
 */
export class MarketState {
  readonly history: History;
  readonly #atr7: Atr;
  readonly #atr10: Atr;
  readonly #atr14: Atr;
  readonly #volumeSma: PriceSma;
  readonly highest20: RollingExtreme;
  readonly lowest20: RollingExtreme;
  readonly highest100: RollingExtreme;
  readonly lowest100: RollingExtreme;
  readonly highest14: RollingExtreme;
  readonly lowest14: RollingExtreme;
  readonly days: TradingDays;

  openTime = NaN;
  closeTime = NaN;
  open = NaN;
  high = NaN;
  low = NaN;
  close = NaN;
  previousClose = NaN;
  previousVolume = NaN;
  /** Volume for arithmetic: 0 when unknown. */
  volume = 0;
  hasVolume = false;
  trueRange = NaN;
  logReturn = NaN;
  atr7 = NaN;
  atr10 = NaN;
  atr14 = NaN;
  volumeSma20 = NaN;
  /** Mean of the last 20 closes. */
  meanClose20 = NaN;
  /** Log return over 20 bars. */
  logReturn20 = NaN;
  /** Mean of the last 20 and 100 log returns (two closes say it), and their summed squared deviations from it. */
  meanReturn20 = NaN;
  returnSquares20 = NaN;
  meanReturn100 = NaN;
  returnSquares100 = NaN;
  bars = 0;

  constructor(layout: StateLayout) {
    const history = new History(layout);
    this.history = history;
    this.#atr7 = new Atr(layout, 7);
    this.#atr10 = new Atr(layout, 10);
    this.#atr14 = new Atr(layout, 14);
    this.#volumeSma = new PriceSma(layout, history, history.volumes, 20);
    this.highest14 = new RollingExtreme(layout, history, history.highs, 14, 1);
    this.lowest14 = new RollingExtreme(layout, history, history.lows, 14, -1);
    this.highest20 = new RollingExtreme(layout, history, history.highs, 20, 1);
    this.lowest20 = new RollingExtreme(layout, history, history.lows, 20, -1);
    this.highest100 = new RollingExtreme(layout, history, history.highs, 100, 1);
    this.lowest100 = new RollingExtreme(layout, history, history.lows, 100, -1);
    this.days = new TradingDays(layout);
  }

  /** Takes a bar that closes at `closeTime`. */
  update(s: Float64Array, bar: Bar, closeTime: number): void {
    const history = this.history;
    this.hasVolume = bar.volume === bar.volume;
    this.volume = this.hasVolume ? bar.volume : 0;
    history.push(s, bar.open, bar.high, bar.low, bar.close, this.volume);
    this.bars = history.bars;
    this.previousClose = this.bars > 1 ? history.close(s, 1) : NaN;
    this.previousVolume = this.bars > 1 ? history.volume(s, 1) : NaN;
    this.openTime = bar.openTime;
    this.closeTime = closeTime;
    this.open = bar.open;
    this.high = bar.high;
    this.low = bar.low;
    this.close = bar.close;
    this.trueRange = history.trueRange(s, 0);
    this.logReturn = history.logReturn(s, 0);
    this.atr7 = this.#atr7.update(s, this.trueRange);
    this.atr10 = this.#atr10.update(s, this.trueRange);
    this.atr14 = this.#atr14.update(s, this.trueRange);
    const volumeSma = this.#volumeSma.update(s);
    this.volumeSma20 = this.hasVolume ? volumeSma : NaN;
    this.#means(s);
    this.highest14.update(s);
    this.lowest14.update(s);
    this.highest20.update(s);
    this.lowest20.update(s);
    this.highest100.update(s);
    this.lowest100.update(s);
    this.days.update(s, bar.openTime, bar.high, bar.low, bar.close, this.volume);
  }

  #means(s: Float64Array): void {
    const { history, bars } = this;
    this.meanClose20 = bars >= 20 ? windowMean(s, history.closes, bars, 20) : NaN;
    this.logReturn20 = bars > 20 ? Math.log(this.close / history.close(s, 20)) : NaN;
    this.meanReturn20 = this.logReturn20 / 20;
    this.returnSquares20 =
      bars > 20 ? windowSquares(s, history.logReturns, bars, 20, this.meanReturn20) : NaN;
    this.meanReturn100 = bars > 100 ? Math.log(this.close / history.close(s, 100)) / 100 : NaN;
    this.returnSquares100 =
      bars > 100 ? windowSquares(s, history.logReturns, bars, 100, this.meanReturn100) : NaN;
  }

  /** A price difference in ATR units; 0 in a market without range, NaN before ATR's first value. */
  inAtr(difference: number): number {
    return this.atr14 === 0 ? 0 : difference / this.atr14;
  }
}
