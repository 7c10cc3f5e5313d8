import { AccumulationDistribution } from '../indicators/accumulation-distribution.js';
import { EaseOfMovement } from '../indicators/ease-of-movement.js';
import { Ema } from '../indicators/ema.js';
import { ratio } from '../indicators/kernel.js';
import { MoneyFlowIndex } from '../indicators/money-flow-index.js';
import { OnBalanceVolume } from '../indicators/on-balance-volume.js';
import { RollingSlope } from '../indicators/rolling-slope.js';
import type { StateLayout } from '../indicators/state.js';
import { TurnoverImpact } from '../indicators/turnover-impact.js';
import { VolumeFlow } from '../indicators/volume-flow.js';
import { VolumeIndexReturn } from '../indicators/volume-index.js';
import { VolumePriceTrendSlope } from '../indicators/volume-price-trend.js';
import { windowCorrelation, windowMean } from '../indicators/window-statistics.js';
import { ZScore } from '../indicators/z-score.js';
import { specs, type ColumnOf } from './feature.js';
import type { MarketState } from './market-state.js';

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
  readonly #zScore: ZScore;
  readonly #obv: OnBalanceVolume;
  readonly #obvSlope: RollingSlope;
  readonly #line: AccumulationDistribution;
  readonly #lineSlope: RollingSlope;
  readonly #flow: VolumeFlow;
  readonly #mfi: MoneyFlowIndex;
  readonly #force: Ema;
  readonly #ease: EaseOfMovement;
  readonly #vptSlope: VolumePriceTrendSlope;
  readonly #negative: VolumeIndexReturn;
  readonly #positive: VolumeIndexReturn;
  readonly #impact: TurnoverImpact;

  constructor(layout: StateLayout, m: MarketState, columnOf: ColumnOf) {
    this.#first = columnOf('volume_sma_20');
    this.#modelOnly = columnOf('ad_slope_20');
    this.#zScore = new ZScore(m.history, m.history.volumes, WINDOW, 1e-12);
    this.#obv = new OnBalanceVolume(layout);
    this.#obvSlope = new RollingSlope(layout, WINDOW);
    this.#line = new AccumulationDistribution(layout, 3, 10);
    this.#lineSlope = new RollingSlope(layout, WINDOW);
    this.#flow = new VolumeFlow(m.history, WINDOW);
    this.#mfi = new MoneyFlowIndex(layout, m.history, 14);
    this.#force = new Ema(layout, 13);
    this.#ease = new EaseOfMovement(layout, m.history, 14);
    this.#vptSlope = new VolumePriceTrendSlope(layout, WINDOW);
    this.#negative = new VolumeIndexReturn(layout, WINDOW, -1);
    this.#positive = new VolumeIndexReturn(layout, WINDOW, 1);
    this.#impact = new TurnoverImpact(m.history, WINDOW);
  }

  update(s: Float64Array, m: MarketState, out: Float64Array): void {
    const at = this.#first;
    const mean = m.volumeSma20;
    out[at] = mean;
    out[at + 1] = ratio(m.volume, mean);
    out[at + 2] = this.#zScore.update(s, mean);
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
    const flow = this.#flow;
    flow.update(s);
    out[at] = flow.moneyFlow;
    out[at + 1] = this.#mfi.update(s, m.volume);
    out[at + 2] = m.days.vwap;
    out[at + 3] = flow.vwap;
    out[at + 4] = m.inAtr(m.close - m.days.vwap);
    out[at + 5] = this.#force.update(s, (m.close - m.previousClose) * m.volume);
    out[at + 6] = this.#ease.update(s);
  }

  #indices(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const history = m.history;
    out[at] = ratio(this.#vptSlope.update(s, m.close, m.previousClose, m.volume), m.volumeSma20);
    out[at + 1] = this.#negative.update(s, m.logReturn, m.volume, m.previousVolume);
    out[at + 2] = this.#positive.update(s, m.logReturn, m.volume, m.previousVolume);
    out[at + 3] =
      m.bars >= WINDOW
        ? windowCorrelation(
            s,
            history.closes,
            history.volumes,
            m.bars,
            WINDOW,
            m.meanClose20,
            windowMean(s, history.volumes, m.bars, WINDOW),
          )
        : NaN;
    const impact = this.#impact;
    impact.update(s);
    out[at + 4] = impact.upShare;
    out[at + 5] = impact.illiquidity;
  }
}
