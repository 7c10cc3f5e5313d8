import { AccumulationDistribution } from '../indicators/accumulation-distribution.js';
import { Ema } from '../indicators/ema.js';
import { FIELD, HISTORY_BARS } from '../indicators/history.js';
import { ratio } from '../indicators/kernel.js';
import { MoneyFlowIndex } from '../indicators/money-flow-index.js';
import { OnBalanceVolume } from '../indicators/on-balance-volume.js';
import { RollingSlope } from '../indicators/rolling-slope.js';
import { Sma } from '../indicators/sma.js';
import type { StateLayout } from '../indicators/state.js';
import { VolumeIndexReturn } from '../indicators/volume-index.js';
import { windowCorrelation, windowMean, windowSquares } from '../indicators/window-statistics.js';
import { specs, type ColumnOf } from './feature.js';
import type { MarketState } from './market-state.js';

const MASK = HISTORY_BARS - 1;
const WINDOW = 20;

export const VOLUME_FEATURES = specs('volume', [
  ['volume_sma_20', 'as:volume_ratio_20', 'volume', 20, 'Simple moving average of the volume, 20 bars'],
  ['volume_ratio_20', 'raw', 'ratio', 20, 'volume / volume_sma_20'],
  ['volume_zscore_20', 'raw', 'standard deviations', 20, '(volume − mean) / σ over 20 bars; 0 when flat'],
  ['obv', 'as:obv_slope_20', 'volume', 1, 'On-balance volume', 'OBV'],
  ['obv_slope_20', 'raw', 'ratio', 20, 'Slope a bar of 20 values of obv, over volume_sma_20'],
  ['ad', 'as:ad_slope_20', 'volume', 1, 'Accumulation/distribution line', 'AD'],
  ['adosc_3_10', 'volume', 'volume', 10, 'Chaikin oscillator: EMA₃ − EMA₁₀ of ad', 'ADOSC'],
  ['cmf_20', 'raw', '−1..1', 20, 'Chaikin money flow: Σ money flow volume / Σ volume, 20 bars'],
  ['mfi_14', 'raw', '0..100', 15, 'Money flow index, 14 bars', 'MFI'],
  ['vwap_session', 'price', 'price', 1, 'Volume-weighted typical price since the trading day began'],
  ['vwap_20', 'price', 'price', 20, 'Volume-weighted typical price of 20 bars'],
  ['vwap_distance_atr', 'raw', 'ATR', 15, '(close − vwap_session) / atr'],
  ['force_13', 'as:force_ratio', 'price × volume', 14, 'Force index: EMA₁₃ of Δclose · volume'],
  [
    'eom_14',
    'as:eom_ratio',
    'price² / volume',
    15,
    'Ease of movement: SMA₁₄ of Δ(high + low)/2 · (high − low) / volume',
  ],
  ['vpt_slope_20', 'raw', 'ratio', 21, 'Slope a bar of 20 values of Σ volume · return, over volume_sma_20'],
  ['nvi_return_20', 'raw', 'ratio', 21, 'Return of the negative volume index over 20 bars'],
  ['pvi_return_20', 'raw', 'ratio', 21, 'Return of the positive volume index over 20 bars'],
  ['volume_price_corr_20', 'raw', '−1..1', 20, 'Correlation of close and volume over 20 bars; 0 when flat'],
  ['up_volume_ratio_20', 'raw', '0..1', 21, 'Share of the volume of 20 bars that traded on rising closes'],
  [
    'amihud_20',
    'as:amihud_ratio',
    'per 10⁹ of turnover',
    21,
    '10⁹ · mean(|log return| / (close · volume)) over 20 bars with volume',
  ],
]);

/** Volume features. A bar whose volume is unknown has NaN in all of them. */
export class VolumeFeatures {
  readonly #first: number;
  readonly #modelOnly: number;
  readonly #obv: OnBalanceVolume;
  readonly #obvSlope: RollingSlope;
  readonly #line: AccumulationDistribution;
  readonly #lineSlope: RollingSlope;
  readonly #mfi: MoneyFlowIndex;
  readonly #force: Ema;
  readonly #ease: Sma;
  readonly #vptAt: number;
  readonly #vptSlope: RollingSlope;
  readonly #negative: VolumeIndexReturn;
  readonly #positive: VolumeIndexReturn;

  constructor(layout: StateLayout, m: MarketState, columnOf: ColumnOf) {
    this.#first = columnOf('volume_sma_20');
    this.#modelOnly = columnOf('ad_slope_20');
    this.#obv = new OnBalanceVolume(layout);
    this.#obvSlope = new RollingSlope(layout, WINDOW);
    this.#line = new AccumulationDistribution(layout, 3, 10);
    this.#lineSlope = new RollingSlope(layout, WINDOW);
    this.#mfi = new MoneyFlowIndex(layout, m.history, 14);
    this.#force = new Ema(layout, 13);
    this.#ease = new Sma(layout, 14);
    this.#vptAt = layout.reserve(1);
    this.#vptSlope = new RollingSlope(layout, WINDOW);
    this.#negative = new VolumeIndexReturn(layout, WINDOW, -1);
    this.#positive = new VolumeIndexReturn(layout, WINDOW, 1);
  }

  update(s: Float64Array, m: MarketState, out: Float64Array): void {
    const at = this.#first;
    const mean = m.volumeSma20;
    out[at] = mean;
    out[at + 1] = ratio(m.volume, mean);
    out[at + 2] = this.#zScore(s, m);
    this.#lines(s, m, out, at + 3);
    this.#flows(s, m, out, at + 7);
    this.#indices(s, m, out, at + 14);
    const forms = this.#modelOnly;
    out[forms + 1] = ratio(m.inAtr(out[at + 12]!), mean);
    out[forms + 2] = (out[at + 13]! * mean) / (m.atr14 * m.atr14 || 1);
    out[forms + 3] = (out[at + 19]! * mean * m.close) / 1e9;
    if (m.hasVolume) return;
    out.fill(NaN, at, at + VOLUME_FEATURES.length);
    out.fill(NaN, forms, forms + 4);
  }

  #zScore(s: Float64Array, m: MarketState): number {
    const mean = m.volumeSma20;
    if (mean !== mean) return NaN;
    const sigma = Math.sqrt(windowSquares(s, m.history, FIELD.volume, WINDOW, mean) / WINDOW);
    return sigma <= 1e-12 * mean ? 0 : (m.volume - mean) / sigma;
  }

  #lines(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const obv = this.#obv.update(s, m.close, m.previousClose, m.volume);
    out[at] = obv;
    out[at + 1] = ratio(this.#obvSlope.update(s, obv), m.volumeSma20);
    const line = this.#line;
    line.update(s, m.high, m.low, m.close, m.volume);
    out[at + 2] = line.line;
    out[at + 3] = line.oscillator;
    out[this.#modelOnly] = ratio(this.#lineSlope.update(s, line.line), m.volumeSma20);
  }

  #flows(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const history = m.history;
    const highs = history.base(FIELD.high);
    const lows = history.base(FIELD.low);
    const closes = history.base(FIELD.close);
    const typicals = history.base(FIELD.typical);
    const volumes = history.base(FIELD.volume);
    let flow = 0;
    let value = 0;
    let volume = 0;
    for (let i = Math.max(0, m.bars - WINDOW); i < m.bars; i++) {
      const slot = i & MASK;
      const high = s[highs + slot]!;
      const low = s[lows + slot]!;
      const close = s[closes + slot]!;
      const v = s[volumes + slot]!;
      flow += ratio(close - low - (high - close), high - low) * v;
      value += s[typicals + slot]! * v;
      volume += v;
    }
    const known = m.bars >= WINDOW;
    out[at] = known ? Math.max(-1, Math.min(1, ratio(flow, volume))) : NaN;
    out[at + 1] = this.#mfi.update(s, m.volume);
    out[at + 2] = m.days.vwap;
    out[at + 3] = known ? (volume > 0 ? value / volume : m.close) : NaN;
    out[at + 4] = m.inAtr(m.close - m.days.vwap);
    out[at + 5] = this.#force.update(s, (m.close - m.previousClose) * m.volume);
    const middle = (m.high + m.low) / 2;
    const previousMiddle =
      m.bars > 1 ? (history.value(s, FIELD.high, 1) + history.value(s, FIELD.low, 1)) / 2 : NaN;
    out[at + 6] = this.#ease.update(s, ratio((middle - previousMiddle) * (m.high - m.low), m.volume));
  }

  #indices(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const history = m.history;
    let trend = NaN;
    if (m.bars > 1) trend = s[this.#vptAt] = s[this.#vptAt]! + m.volume * (m.close / m.previousClose - 1);
    out[at] = ratio(this.#vptSlope.update(s, trend), m.volumeSma20);
    out[at + 1] = this.#negative.update(s, m.logReturn, m.volume, m.previousVolume);
    out[at + 2] = this.#positive.update(s, m.logReturn, m.volume, m.previousVolume);
    out[at + 3] =
      m.bars >= WINDOW
        ? windowCorrelation(
            s,
            history,
            FIELD.close,
            FIELD.volume,
            WINDOW,
            m.meanClose20,
            windowMean(s, history, FIELD.volume, WINDOW),
          )
        : NaN;
    out[at + 4] = NaN;
    out[at + 5] = NaN;
    if (m.bars <= WINDOW) return;
    let up = 0;
    let total = 0;
    let illiquidity = 0;
    let traded = 0;
    const returns = history.base(FIELD.logReturn);
    const volumes = history.base(FIELD.volume);
    const closes = history.base(FIELD.close);
    for (let i = m.bars - WINDOW; i < m.bars; i++) {
      const slot = i & MASK;
      const r = s[returns + slot]!;
      const v = s[volumes + slot]!;
      total += v;
      if (r > 0) up += v;
      if (v > 0) {
        illiquidity += Math.abs(r) / (s[closes + slot]! * v);
        traded++;
      }
    }
    out[at + 4] = Math.min(1, ratio(up, total));
    out[at + 5] = traded === 0 ? 0 : (1e9 * illiquidity) / traded;
  }
}
