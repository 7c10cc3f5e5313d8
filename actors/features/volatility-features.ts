import { AverageDeviation } from '../indicators/average-deviation.js';
import { ChoppinessIndex } from '../indicators/choppiness-index.js';
import { EwmaVolatility } from '../indicators/ewma-volatility.js';
import { ratio } from '../indicators/kernel.js';
import { RangeVolatility } from '../indicators/range-volatility.js';
import { Skewness } from '../indicators/skewness.js';
import { Sma } from '../indicators/sma.js';
import { StandardDeviation } from '../indicators/standard-deviation.js';
import type { StateLayout } from '../indicators/state.js';
import { UlcerIndex } from '../indicators/ulcer-index.js';
import { specs, type ColumnOf } from './feature.js';
import type { MarketState } from './market-state.js';

/** Milliseconds of market time in a year of 252 trading days. */
const YEAR_MS = 252 * 86_400_000;

export const VOLATILITY_FEATURES = specs('volatility', [
  ['true_range', 'atr', 'price', 2, 'max(high, previous close) − min(low, previous close)', 'TRANGE'],
  ['atr_7', 'as:atr_7_ratio', 'price', 8, 'Average true range, 7 bars', 'ATR'],
  ['atr_14', 'as:atr_14_ratio', 'price', 15, 'Average true range, 14 bars', 'ATR'],
  ['natr_14', 'raw', 'percent', 15, '100·atr_14 / close', 'NATR'],
  ['bb_upper', 'price', 'price', 20, 'SMA₂₀ + 2σ₂₀', 'BBANDS'],
  ['bb_middle', 'price', 'price', 20, 'SMA₂₀', 'BBANDS'],
  ['bb_lower', 'price', 'price', 20, 'SMA₂₀ − 2σ₂₀', 'BBANDS'],
  ['bb_width', 'raw', 'ratio', 20, '(bb_upper − bb_lower) / bb_middle'],
  ['bb_percent_b', 'raw', 'ratio', 20, '(close − bb_lower) / (bb_upper − bb_lower); 0.5 when flat'],
  ['keltner_upper', 'price', 'price', 20, 'EMA₂₀ + 2·ATR₁₀'],
  ['keltner_middle', 'price', 'price', 20, 'EMA₂₀ of the close'],
  ['keltner_lower', 'price', 'price', 20, 'EMA₂₀ − 2·ATR₁₀'],
  ['keltner_width', 'raw', 'ratio', 20, '(keltner_upper − keltner_lower) / keltner_middle'],
  ['squeeze_on', 'flag', '0/1', 20, 'Bollinger bands inside the Keltner channel'],
  ['donchian_upper', 'price', 'price', 20, 'Highest high of 20 bars'],
  ['donchian_middle', 'price', 'price', 20, 'Middle of the Donchian channel'],
  ['donchian_lower', 'price', 'price', 20, 'Lowest low of 20 bars'],
  ['donchian_width', 'raw', 'ratio', 20, '(upper − lower) / middle'],
  ['donchian_position', 'raw', '0..1', 20, '(close − lower) / (upper − lower); 0.5 when flat'],
  ['accbands_upper', 'price', 'price', 20, 'SMA₂₀ of high·(1 + 4·(high − low)/(high + low))', 'ACCBANDS'],
  ['accbands_middle', 'price', 'price', 20, 'SMA₂₀ of the close', 'ACCBANDS'],
  ['accbands_lower', 'price', 'price', 20, 'SMA₂₀ of low·(1 − 4·(high − low)/(high + low))', 'ACCBANDS'],
  ['stddev_20', 'atr', 'price', 20, 'Population standard deviation of the close, 20 bars', 'STDDEV'],
  ['avgdev_20', 'atr', 'price', 20, 'Mean absolute deviation of the close, 20 bars', 'AVGDEV'],
  ['realized_vol_20', 'raw', 'per year', 21, 'Sample standard deviation of 20 log returns, annualised'],
  ['realized_vol_100', 'raw', 'per year', 101, 'Sample standard deviation of 100 log returns, annualised'],
  ['parkinson_20', 'raw', 'per year', 20, '√(Σ ln(high/low)² / (4·20·ln 2)), annualised'],
  ['garman_klass_20', 'raw', 'per year', 20, '√(mean(½·ln(h/l)² − (2·ln 2 − 1)·ln(c/o)²)), annualised'],
  ['rogers_satchell_20', 'raw', 'per year', 20, '√(mean(ln(h/c)·ln(h/o) + ln(l/c)·ln(l/o))), annualised'],
  ['yang_zhang_20', 'raw', 'per year', 21, 'Yang-Zhang volatility of 20 bars, annualised'],
  ['ewma_vol_94', 'raw', 'per year', 2, '√(0.94·σ² + 0.06·r²), from the first return, annualised'],
  ['ulcer_14', 'raw', 'percent', 14, 'Root mean square of the falls from the running 14-bar high close'],
  ['choppiness_14', 'raw', '0..100', 15, '100·log₁₀(Σ true range / (highest − lowest)) / log₁₀ 14'],
  ['skew_20', 'raw', 'skewness', 21, 'Skewness of 20 log returns; 0 when flat'],
]);

/** Ranges, bands, channels and volatility estimates. */
export class VolatilityFeatures {
  readonly #first: number;
  /** Columns of the averages that other groups have already. */
  readonly #sma20: number;
  readonly #ema20: number;
  readonly #deviation: StandardDeviation;
  readonly #accUpper: Sma;
  readonly #accLower: Sma;
  readonly #averageDeviation: AverageDeviation;
  readonly #ranges: RangeVolatility;
  readonly #ewma: EwmaVolatility;
  readonly #ulcer: UlcerIndex;
  readonly #choppiness: ChoppinessIndex;
  readonly #skewness: Skewness;
  readonly #annual: number;

  constructor(layout: StateLayout, m: MarketState, columnOf: ColumnOf, lengthMs: number) {
    this.#first = columnOf('true_range');
    this.#sma20 = columnOf('sma_20');
    this.#ema20 = columnOf('ema_20');
    this.#deviation = new StandardDeviation(m.history, m.history.closes, 20);
    this.#accUpper = new Sma(layout, 20);
    this.#accLower = new Sma(layout, 20);
    this.#averageDeviation = new AverageDeviation(m.history, 20);
    this.#ranges = new RangeVolatility(layout, 20);
    this.#ewma = new EwmaVolatility(layout, 0.94);
    this.#ulcer = new UlcerIndex(m.history, 14);
    this.#choppiness = new ChoppinessIndex(m.history, 14);
    this.#skewness = new Skewness(m.history, 20);
    this.#annual = Math.sqrt(YEAR_MS / lengthMs);
  }

  update(s: Float64Array, m: MarketState, out: Float64Array): void {
    const at = this.#first;
    out[at] = m.trueRange;
    out[at + 1] = m.atr7;
    out[at + 2] = m.atr14;
    out[at + 3] = (m.atr14 / m.close) * 100;
    this.#bands(s, m, out, at + 4);
    this.#channels(s, m, out, at + 14);
    out[at + 22] = this.#deviationNow;
    out[at + 23] = this.#averageDeviation.update(s, m.meanClose20);
    this.#estimates(s, m, out, at + 24);
  }

  #deviationNow = NaN;

  #bands(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const mean = out[this.#sma20]!;
    const deviation = this.#deviation.update(s);
    this.#deviationNow = deviation;
    const upper = mean + 2 * deviation;
    const lower = mean - 2 * deviation;
    out[at] = upper;
    out[at + 1] = mean;
    out[at + 2] = lower;
    out[at + 3] = ratio(upper - lower, mean);
    out[at + 4] = upper === lower ? 0.5 : (m.close - lower) / (upper - lower);
    const ema = out[this.#ema20]!;
    const channelUpper = ema + 2 * m.atr10;
    const channelLower = ema - 2 * m.atr10;
    out[at + 5] = channelUpper;
    out[at + 6] = ema;
    out[at + 7] = channelLower;
    out[at + 8] = (channelUpper - channelLower) / ema;
    out[at + 9] = mean !== mean ? NaN : upper < channelUpper && lower > channelLower ? 1 : 0;
  }

  #channels(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const upper = m.highest20.value;
    const lower = m.lowest20.value;
    out[at] = upper;
    out[at + 1] = (upper + lower) / 2;
    out[at + 2] = lower;
    out[at + 3] = ratio(upper - lower, (upper + lower) / 2);
    out[at + 4] = upper === lower ? 0.5 : (m.close - lower) / (upper - lower);
    const sum = m.high + m.low;
    const factor = sum === 0 ? 0 : (4 * (m.high - m.low)) / sum;
    out[at + 5] = this.#accUpper.update(s, m.high * (1 + factor));
    out[at + 6] = out[at - 9]!;
    out[at + 7] = this.#accLower.update(s, m.low * (1 - factor));
  }

  #estimates(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const annual = this.#annual;
    out[at] = Math.sqrt(m.returnSquares20 / 19) * annual;
    out[at + 1] = Math.sqrt(m.returnSquares100 / 99) * annual;
    const ranges = this.#ranges;
    ranges.update(s, m.open, m.high, m.low, m.close, m.previousClose);
    out[at + 2] = ranges.parkinson * annual;
    out[at + 3] = ranges.garmanKlass * annual;
    out[at + 4] = ranges.rogersSatchell * annual;
    out[at + 5] = ranges.yangZhang * annual;
    out[at + 6] = this.#ewma.update(s, m.logReturn) * annual;
    out[at + 7] = this.#ulcer.update(s);
    out[at + 8] = this.#choppiness.update(s, m.highest14.value - m.lowest14.value);
    out[at + 9] = this.#skewness.update(s, m.meanReturn20, m.returnSquares20);
  }
}
