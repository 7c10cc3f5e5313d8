import { AwesomeOscillator } from '../indicators/awesome-oscillator.js';
import { CommodityChannelIndex } from '../indicators/commodity-channel-index.js';
import { ConnorsRsi } from '../indicators/connors-rsi.js';
import { CoppockCurve } from '../indicators/coppock-curve.js';
import { Ema } from '../indicators/ema.js';
import { FisherTransform } from '../indicators/fisher-transform.js';
import { IntradayMomentumIndex } from '../indicators/intraday-momentum-index.js';
import { ratio } from '../indicators/kernel.js';
import { KnowSureThing } from '../indicators/know-sure-thing.js';
import { rateOfChange } from '../indicators/rate-of-change.js';
import { RelativeVigorIndex } from '../indicators/relative-vigor-index.js';
import type { StateLayout } from '../indicators/state.js';
import { Stochastic } from '../indicators/stochastic.js';
import { StochasticRsi } from '../indicators/stochastic-rsi.js';
import { Trix } from '../indicators/trix.js';
import { TrueStrengthIndex } from '../indicators/true-strength-index.js';
import { UltimateOscillator } from '../indicators/ultimate-oscillator.js';
import { WilderMomentum } from '../indicators/wilder-momentum.js';
import { ZScore } from '../indicators/z-score.js';
import { specs, type ColumnOf } from './feature.js';
import type { MarketState } from './market-state.js';

export const MOMENTUM_FEATURES = specs('momentum', [
  ['rsi_7', 'raw', '0..100', 8, 'Relative strength index, 7 bars', 'RSI'],
  ['rsi_14', 'raw', '0..100', 15, 'Relative strength index, 14 bars', 'RSI'],
  ['rsi_21', 'raw', '0..100', 22, 'Relative strength index, 21 bars', 'RSI'],
  ['stoch_k', 'raw', '0..100', 18, 'Slow stochastic %K (14, 3)', 'STOCH'],
  ['stoch_d', 'raw', '0..100', 18, 'Slow stochastic %D: SMA₃ of %K', 'STOCH'],
  ['stochf_k', 'raw', '0..100', 16, 'Fast stochastic %K, 14 bars', 'STOCHF'],
  ['stochf_d', 'raw', '0..100', 16, 'Fast stochastic %D: SMA₃ of %K', 'STOCHF'],
  ['stochrsi_k', 'raw', '0..100', 30, 'Fast stochastic %K of rsi_14, 14 bars', 'STOCHRSI'],
  ['stochrsi_d', 'raw', '0..100', 30, 'SMA₃ of stochrsi_k', 'STOCHRSI'],
  ['cci_14', 'raw', 'index', 14, 'Commodity channel index, 14 bars', 'CCI'],
  ['cci_20', 'raw', 'index', 20, 'Commodity channel index, 20 bars', 'CCI'],
  ['willr_14', 'raw', '−100..0', 14, "Williams' %R, 14 bars", 'WILLR'],
  ['roc_5', 'raw', 'percent', 6, '100·(close / close 5 bars ago − 1)', 'ROC'],
  ['roc_10', 'raw', 'percent', 11, '100·(close / close 10 bars ago − 1)', 'ROC'],
  ['roc_20', 'raw', 'percent', 21, '100·(close / close 20 bars ago − 1)', 'ROC'],
  ['mom_10', 'atr', 'price', 11, 'close − close 10 bars ago', 'MOM'],
  ['cmo_14', 'raw', '−100..100', 15, 'Chande momentum oscillator, 14 bars', 'CMO'],
  ['ppo', 'raw', 'percent', 26, '100·(EMA₁₂ − EMA₂₆) / EMA₂₆', 'PPO'],
  ['ppo_signal', 'raw', 'percent', 34, 'EMA₉ of ppo'],
  ['ppo_hist', 'raw', 'percent', 34, 'ppo − ppo_signal'],
  ['apo_12_26', 'atr', 'price', 26, 'EMA₁₂ − EMA₂₆', 'APO'],
  ['trix_15', 'raw', 'percent', 44, 'One-bar rate of change of a triple EMA₁₅', 'TRIX'],
  ['ultosc_7_14_28', 'raw', '0..100', 29, 'Ultimate oscillator', 'ULTOSC'],
  ['bop', 'raw', '−1..1', 1, '(close − open) / (high − low); 0 for a flat bar', 'BOP'],
  ['imi_14', 'raw', '0..100', 14, 'Intraday momentum index, 14 bars; 50 without bodies', 'IMI'],
  ['tsi_25_13', 'raw', '−100..100', 38, '100·EMA₁₃(EMA₂₅(Δclose)) / EMA₁₃(EMA₂₅(|Δclose|))'],
  ['ao_5_34', 'atr', 'price', 34, 'SMA₅ − SMA₃₄ of (high + low)/2'],
  ['dpo_20', 'atr', 'price', 20, 'close 11 bars ago − SMA₂₀: detrended price oscillator'],
  ['kst', 'raw', 'percent', 45, 'SMA₁₀(ROC₁₀) + 2·SMA₁₀(ROC₁₅) + 3·SMA₁₀(ROC₂₀) + 4·SMA₁₅(ROC₃₀)'],
  ['kst_signal', 'raw', 'percent', 53, 'SMA₉ of kst'],
  ['coppock_14_11_10', 'raw', 'percent', 24, 'WMA₁₀ of ROC₁₄ + ROC₁₁'],
  [
    'connors_rsi_3_2_100',
    'raw',
    '0..100',
    102,
    'Mean of RSI₃, RSI₂ of the streak, percent rank of the return',
  ],
  ['zscore_close_20', 'raw', 'standard deviations', 20, '(close − mean) / σ over 20 bars; 0 when flat'],
  ['zscore_close_50', 'raw', 'standard deviations', 50, '(close − mean) / σ over 50 bars; 0 when flat'],
  ['fisher_10', 'raw', 'index', 10, 'Fisher transform of (high + low)/2, 10 bars'],
  ['rvi_10', 'raw', 'ratio', 13, 'Relative vigor index, 10 bars'],
]);

/** What rounding leaves of a flat window of prices, as a share of the mean, is no deviation. */
const FLAT = 1e-13;

/** Oscillators and rates of change. */
export class MomentumFeatures {
  readonly #first: number;
  /** Columns of averages that are made already. */
  readonly #sma50: number;
  readonly #ema12: number;
  readonly #ema26: number;
  readonly #rsi7: WilderMomentum;
  readonly #rsi14: WilderMomentum;
  readonly #rsi21: WilderMomentum;
  readonly #stochastic: Stochastic;
  readonly #stochasticRsi: StochasticRsi;
  readonly #cci14: CommodityChannelIndex;
  readonly #cci20: CommodityChannelIndex;
  readonly #ppoSignal: Ema;
  readonly #trix: Trix;
  readonly #ultimate: UltimateOscillator;
  readonly #imi: IntradayMomentumIndex;
  readonly #tsi: TrueStrengthIndex;
  readonly #awesome: AwesomeOscillator;
  readonly #kst: KnowSureThing;
  readonly #coppock: CoppockCurve;
  readonly #connors: ConnorsRsi;
  readonly #zScore20: ZScore;
  readonly #zScore50: ZScore;
  readonly #fisher: FisherTransform;
  readonly #vigor: RelativeVigorIndex;

  constructor(layout: StateLayout, m: MarketState, columnOf: ColumnOf) {
    this.#first = columnOf('rsi_7');
    this.#sma50 = columnOf('sma_50');
    this.#ema12 = columnOf('ema_12');
    this.#ema26 = columnOf('ema_26');
    const history = m.history;
    this.#rsi7 = new WilderMomentum(layout, 7);
    this.#rsi14 = new WilderMomentum(layout, 14);
    this.#rsi21 = new WilderMomentum(layout, 21);
    this.#stochastic = new Stochastic(layout, 3);
    this.#stochasticRsi = new StochasticRsi(layout, 14, 3);
    this.#cci14 = new CommodityChannelIndex(layout, history, 14);
    this.#cci20 = new CommodityChannelIndex(layout, history, 20);
    this.#ppoSignal = new Ema(layout, 9);
    this.#trix = new Trix(layout, 15);
    this.#ultimate = new UltimateOscillator(layout, history, 7, 14, 28);
    this.#imi = new IntradayMomentumIndex(history, 14);
    this.#tsi = new TrueStrengthIndex(layout, 25, 13);
    this.#awesome = new AwesomeOscillator(layout, history, 5, 34);
    this.#kst = new KnowSureThing(layout, history);
    this.#coppock = new CoppockCurve(layout, history, 14, 11, 10);
    this.#connors = new ConnorsRsi(layout, history, 3, 2, 100);
    this.#zScore20 = new ZScore(history, history.closes, 20, FLAT);
    this.#zScore50 = new ZScore(history, history.closes, 50, FLAT);
    this.#fisher = new FisherTransform(layout, 10);
    this.#vigor = new RelativeVigorIndex(history, 10);
  }

  update(s: Float64Array, m: MarketState, out: Float64Array): void {
    const at = this.#first;
    this.#strength(s, m, out, at);
    this.#rates(s, m, out, at + 9);
    this.#oscillators(s, m, out, at + 17);
    this.#composites(s, m, out, at + 25);
  }

  #strength(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const close = m.close;
    this.#rsi7.update(s, close);
    this.#rsi14.update(s, close);
    this.#rsi21.update(s, close);
    out[at] = this.#rsi7.rsi;
    out[at + 1] = this.#rsi14.rsi;
    out[at + 2] = this.#rsi21.rsi;
    const stochastic = this.#stochastic;
    stochastic.update(s, close, m.highest14.value, m.lowest14.value);
    out[at + 3] = stochastic.slowK;
    out[at + 4] = stochastic.slowD;
    out[at + 5] = stochastic.fastK;
    out[at + 6] = stochastic.fastD;
    this.#stochasticRsi.update(s, this.#rsi14.rsi);
    out[at + 7] = this.#stochasticRsi.k;
    out[at + 8] = this.#stochasticRsi.d;
  }

  #rates(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    out[at] = this.#cci14.update(s);
    out[at + 1] = this.#cci20.update(s);
    const range = m.highest14.value - m.lowest14.value;
    out[at + 2] = range === 0 ? 0 : (m.highest14.value - m.close) / (range / -100);
    out[at + 3] = rateOfChange(s, m.history, 5);
    out[at + 4] = rateOfChange(s, m.history, 10);
    out[at + 5] = rateOfChange(s, m.history, 20);
    out[at + 6] = m.bars > 10 ? m.close - m.history.close(s, 10) : NaN;
    out[at + 7] = this.#rsi14.cmo;
  }

  #oscillators(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const slow = out[this.#ema26]!;
    const spread = out[this.#ema12]! - slow;
    const percentage = 100 * ratio(spread, slow);
    const signal = this.#ppoSignal.update(s, percentage);
    out[at] = percentage;
    out[at + 1] = signal;
    out[at + 2] = percentage - signal;
    out[at + 3] = spread;
    out[at + 4] = this.#trix.update(s, m.close);
    out[at + 5] = this.#ultimate.update(s);
    out[at + 6] = ratio(m.close - m.open, m.high - m.low);
    out[at + 7] = this.#imi.update(s);
  }

  #composites(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const history = m.history;
    out[at] = this.#tsi.update(s, m.close - m.previousClose);
    out[at + 1] = this.#awesome.update(s);
    out[at + 2] = history.close(s, 11) - m.meanClose20;
    this.#kst.update(s);
    out[at + 3] = this.#kst.line;
    out[at + 4] = this.#kst.signal;
    out[at + 5] = this.#coppock.update(s);
    out[at + 6] = this.#connors.update(s);
    out[at + 7] = this.#zScore20.update(s, m.meanClose20);
    out[at + 8] = this.#zScore50.update(s, out[this.#sma50]!);
    out[at + 9] = this.#fisher.update(s, m.high, m.low);
    out[at + 10] = this.#vigor.update(s);
  }
}
