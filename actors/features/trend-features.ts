import { Aroon } from '../indicators/aroon.js';
import { Dema } from '../indicators/dema.js';
import { DirectionalMovement } from '../indicators/directional-movement.js';
import { DominantCycle, DominantCyclePeriod } from '../indicators/dominant-cycle.js';
import { EfficiencyRatio } from '../indicators/efficiency-ratio.js';
import { Ema } from '../indicators/ema.js';
import { HilbertCycle } from '../indicators/hilbert.js';
import { Hma } from '../indicators/hma.js';
import { Ichimoku } from '../indicators/ichimoku.js';
import { Kama } from '../indicators/kama.js';
import { LinearRegression } from '../indicators/linear-regression.js';
import { Macd } from '../indicators/macd.js';
import { Mama } from '../indicators/mama.js';
import { ParabolicSar } from '../indicators/parabolic-sar.js';
import { PriceSma } from '../indicators/price-sma.js';
import type { StateLayout } from '../indicators/state.js';
import { Supertrend } from '../indicators/supertrend.js';
import { T3 } from '../indicators/t3.js';
import { Tema } from '../indicators/tema.js';
import { Trima } from '../indicators/trima.js';
import { Vortex } from '../indicators/vortex.js';
import { Wma } from '../indicators/wma.js';
import { specs, type ColumnOf } from './feature.js';
import type { MarketState } from './market-state.js';

export const TREND_FEATURES = specs('trend', [
  ['sma_5', 'price', 'price', 5, 'Simple moving average of the close, 5 bars', 'SMA'],
  ['sma_10', 'price', 'price', 10, 'Simple moving average of the close, 10 bars', 'SMA'],
  ['sma_20', 'price', 'price', 20, 'Simple moving average of the close, 20 bars', 'SMA'],
  ['sma_50', 'price', 'price', 50, 'Simple moving average of the close, 50 bars', 'SMA'],
  ['sma_100', 'price', 'price', 100, 'Simple moving average of the close, 100 bars', 'SMA'],
  ['sma_200', 'price', 'price', 200, 'Simple moving average of the close, 200 bars', 'SMA'],
  ['ema_9', 'price', 'price', 9, 'Exponential moving average of the close, 9 bars', 'EMA'],
  ['ema_12', 'price', 'price', 12, 'Exponential moving average of the close, 12 bars', 'EMA'],
  ['ema_20', 'price', 'price', 20, 'Exponential moving average of the close, 20 bars', 'EMA'],
  ['ema_26', 'price', 'price', 26, 'Exponential moving average of the close, 26 bars', 'EMA'],
  ['ema_50', 'price', 'price', 50, 'Exponential moving average of the close, 50 bars', 'EMA'],
  ['ema_100', 'price', 'price', 100, 'Exponential moving average of the close, 100 bars', 'EMA'],
  ['ema_200', 'price', 'price', 200, 'Exponential moving average of the close, 200 bars', 'EMA'],
  ['wma_20', 'price', 'price', 20, 'Linearly weighted moving average, 20 bars', 'WMA'],
  ['hma_20', 'price', 'price', 23, 'Hull moving average: WMA₄(2·WMA₁₀ − WMA₂₀)'],
  ['dema_20', 'price', 'price', 39, '2·EMA₂₀ − EMA₂₀(EMA₂₀)', 'DEMA'],
  ['tema_20', 'price', 'price', 58, '3·e1 − 3·e2 + e3 of chained EMA₂₀', 'TEMA'],
  ['trima_20', 'price', 'price', 20, 'Triangular moving average, 20 bars', 'TRIMA'],
  ['kama_10', 'price', 'price', 11, "Kaufman's adaptive moving average, 10 bars", 'KAMA'],
  ['t3_5', 'price', 'price', 25, "Tillson's T3, 5 bars, volume factor 0.7", 'T3'],
  ['mama', 'price', 'price', 33, 'MESA adaptive moving average (0.5, 0.05)', 'MAMA'],
  ['fama', 'price', 'price', 33, 'Following adaptive moving average of MAMA', 'MAMA'],
  ['macd', 'atr', 'price', 34, 'EMA₁₂ − EMA₂₆', 'MACD'],
  ['macd_signal', 'atr', 'price', 34, 'EMA₉ of macd', 'MACD'],
  ['macd_hist', 'atr', 'price', 34, 'macd − macd_signal', 'MACD'],
  ['adx_14', 'raw', '0..100', 28, 'Average directional index, 14 bars', 'ADX'],
  ['adxr_14', 'raw', '0..100', 41, 'Mean of ADX and the ADX 13 bars ago', 'ADXR'],
  ['dx_14', 'raw', '0..100', 15, '100·|+DI − −DI| / (+DI + −DI)', 'DX'],
  ['plus_di_14', 'raw', '0..100', 15, '100·(+DM smoothed) / (true range smoothed)', 'PLUS_DI'],
  ['minus_di_14', 'raw', '0..100', 15, '100·(−DM smoothed) / (true range smoothed)', 'MINUS_DI'],
  ['plus_dm_14', 'atr', 'price', 14, 'Wilder-smoothed upward movement', 'PLUS_DM'],
  ['minus_dm_14', 'atr', 'price', 14, 'Wilder-smoothed downward movement', 'MINUS_DM'],
  ['aroon_up_25', 'raw', '0..100', 26, '100·(25 − bars since the 26-bar high) / 25', 'AROON'],
  ['aroon_down_25', 'raw', '0..100', 26, '100·(25 − bars since the 26-bar low) / 25', 'AROON'],
  ['aroonosc_25', 'raw', '−100..100', 26, 'aroon_up − aroon_down', 'AROONOSC'],
  ['sar', 'price', 'price', 2, 'Parabolic stop and reverse (0.02, 0.2)', 'SAR'],
  ['sar_direction', 'flag', '−1/1', 2, 'Position of the parabolic stop and reverse after this bar'],
  ['supertrend_10_3', 'price', 'price', 11, 'SuperTrend of ATR₁₀ × 3'],
  ['supertrend_direction', 'flag', '−1/1', 11, 'Trend of the SuperTrend'],
  ['ichimoku_tenkan_9', 'price', 'price', 9, '(highest high + lowest low of 9 bars) / 2'],
  ['ichimoku_kijun_26', 'price', 'price', 26, '(highest high + lowest low of 26 bars) / 2'],
  ['ichimoku_senkou_a', 'price', 'price', 52, '(tenkan + kijun) / 2 of 26 bars ago: the cloud over this bar'],
  ['ichimoku_senkou_b_52', 'price', 'price', 78, '(highest high + lowest low of 52 bars) / 2 of 26 bars ago'],
  ['ichimoku_chikou_return_26', 'raw', 'ratio', 27, 'close / close 26 bars ago − 1'],
  ['ichimoku_cloud_thickness', 'atr', 'price', 78, 'senkou_a − senkou_b'],
  ['ichimoku_price_vs_cloud', 'flag', '−1/0/1', 78, '+1 above the cloud, −1 below, 0 inside'],
  ['vortex_plus_14', 'raw', 'ratio', 15, 'Σ|high − previous low| / Σ true range, 14 bars'],
  ['vortex_minus_14', 'raw', 'ratio', 15, 'Σ|low − previous high| / Σ true range, 14 bars'],
  ['linearreg_14', 'price', 'price', 14, 'Least-squares line of 14 closes, at this bar', 'LINEARREG'],
  ['linearreg_slope_14', 'atr', 'price a bar', 14, 'Slope of that line', 'LINEARREG_SLOPE'],
  ['linearreg_angle_14', 'raw', 'degrees', 14, 'Angle of that slope', 'LINEARREG_ANGLE'],
  ['linearreg_r2_14', 'raw', '0..1', 14, 'Coefficient of determination of that line; 0 when flat'],
  ['tsf_14', 'price', 'price', 14, 'That line one bar ahead', 'TSF'],
  ['ht_trendline', 'price', 'price', 64, 'Hilbert transform instantaneous trendline', 'HT_TRENDLINE'],
  ['ht_trendmode', 'flag', '0/1', 64, 'Hilbert transform: 1 trend, 0 cycle', 'HT_TRENDMODE'],
  ['ht_dcperiod', 'raw', 'bars', 33, 'Hilbert transform dominant cycle period', 'HT_DCPERIOD'],
  ['ht_dcphase', 'raw', 'degrees', 64, 'Hilbert transform dominant cycle phase', 'HT_DCPHASE'],
  ['ht_sine', 'raw', '−1..1', 64, 'Sine of the dominant cycle phase', 'HT_SINE'],
  ['ht_leadsine', 'raw', '−1..1', 64, 'Sine of the phase 45° ahead', 'HT_SINE'],
  ['sma_50_200_spread', 'atr', 'price', 200, 'sma_50 − sma_200'],
  ['ema_12_26_spread', 'atr', 'price', 26, 'ema_12 − ema_26'],
  [
    'trend_strength_20',
    'raw',
    '0..1',
    21,
    '|close − close 20 ago| / Σ|Δclose|: efficiency ratio; 0 when flat',
  ],
]);

/** Moving averages, directional systems, clouds, regressions and cycles. */
export class TrendFeatures {
  readonly #first: number;
  /** Columns of averages that other kernels begin with. */
  readonly #ema20: number;
  readonly #ema26: number;
  readonly #smas: readonly PriceSma[];
  readonly #emas: readonly Ema[];
  readonly #wma: Wma;
  readonly #hma: Hma;
  readonly #dema: Dema;
  readonly #tema: Tema;
  readonly #trima: Trima;
  readonly #kama: Kama;
  readonly #t3: T3;
  readonly #earlyCycle: HilbertCycle;
  readonly #lateCycle: HilbertCycle;
  readonly #mama: Mama;
  readonly #cyclePeriod: DominantCyclePeriod;
  readonly #cycle: DominantCycle;
  readonly #macd: Macd;
  readonly #movement: DirectionalMovement;
  readonly #aroon: Aroon;
  readonly #ichimoku: Ichimoku;
  readonly #sar: ParabolicSar;
  readonly #supertrend: Supertrend;
  readonly #vortex: Vortex;
  readonly #regression: LinearRegression;
  readonly #efficiency: EfficiencyRatio;

  constructor(layout: StateLayout, m: MarketState, columnOf: ColumnOf) {
    this.#first = columnOf('sma_5');
    this.#ema20 = columnOf('ema_20');
    this.#ema26 = columnOf('ema_26');
    const history = m.history;
    this.#smas = [5, 10, 20, 50, 100, 200].map((n) => new PriceSma(layout, history, history.closes, n));
    this.#emas = [9, 12, 20, 26, 50, 100, 200].map((n) => new Ema(layout, n));
    this.#wma = new Wma(layout, 20);
    this.#hma = new Hma(layout, 20);
    this.#dema = new Dema(layout, 20);
    this.#tema = new Tema(layout, 20);
    this.#trima = new Trima(layout, 20);
    this.#kama = new Kama(layout, history, 10);
    this.#t3 = new T3(layout, 5, 0.7);
    this.#earlyCycle = new HilbertCycle(layout, 12);
    this.#lateCycle = new HilbertCycle(layout, 37);
    this.#mama = new Mama(layout, 0.5, 0.05);
    this.#cyclePeriod = new DominantCyclePeriod(layout);
    this.#cycle = new DominantCycle(layout, history);
    this.#macd = new Macd(layout, 12, 26, 9);
    this.#movement = new DirectionalMovement(layout, history, 14);
    this.#aroon = new Aroon(layout, history, 25);
    this.#ichimoku = new Ichimoku(layout, history);
    this.#sar = new ParabolicSar(layout, history, 0.02, 0.2);
    this.#supertrend = new Supertrend(layout, 10, 3);
    this.#vortex = new Vortex(history, 14);
    this.#regression = new LinearRegression(layout, history, 14);
    this.#efficiency = new EfficiencyRatio(history, 20);
  }

  update(s: Float64Array, m: MarketState, out: Float64Array): void {
    const at = this.#first;
    this.#averages(s, m, out, at);
    this.#directional(s, m, out, at + 22);
    this.#cloud(s, m, out, at + 39);
    this.#regressions(s, m, out, at + 46);
    out[at + 59] = out[at + 3]! - out[at + 5]!;
    out[at + 60] = out[at + 7]! - out[at + 9]!;
    out[at + 61] = this.#efficiency.update(s);
  }

  #averages(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const close = m.close;
    let i = at;
    const smas = this.#smas;
    for (let k = 0; k < smas.length; k++) out[i++] = smas[k]!.update(s);
    const emas = this.#emas;
    for (let k = 0; k < emas.length; k++) out[i++] = emas[k]!.update(s, close);
    const ema20 = out[this.#ema20]!;
    out[i++] = this.#wma.update(s, close);
    out[i++] = this.#hma.update(s, close);
    out[i++] = this.#dema.update(s, ema20);
    out[i++] = this.#tema.update(s, ema20, this.#dema.second);
    out[i++] = this.#trima.update(s, close);
    out[i++] = this.#kama.update(s);
    out[i++] = this.#t3.update(s, close);
    this.#earlyCycle.update(s, close);
    this.#mama.update(s, close, this.#earlyCycle);
    out[i++] = this.#mama.mama;
    out[i] = this.#mama.fama;
  }

  #directional(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    let i = at;
    this.#macd.update(s, m.close, out[this.#ema26]!);
    out[i++] = this.#macd.line;
    out[i++] = this.#macd.signal;
    out[i++] = this.#macd.histogram;
    const dm = this.#movement;
    dm.update(s);
    out[i++] = dm.adx;
    out[i++] = dm.adxr;
    out[i++] = dm.dx;
    out[i++] = dm.plusDi;
    out[i++] = dm.minusDi;
    out[i++] = dm.plusDm;
    out[i++] = dm.minusDm;
    const aroon = this.#aroon;
    aroon.update(s);
    out[i++] = aroon.up;
    out[i++] = aroon.down;
    out[i++] = aroon.up - aroon.down;
    this.#sar.update(s);
    out[i++] = this.#sar.value;
    out[i++] = this.#sar.direction;
    this.#supertrend.update(s, m.high, m.low, m.close, m.atr10);
    out[i++] = this.#supertrend.value;
    out[i] = this.#supertrend.direction;
  }

  #cloud(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const lines = this.#ichimoku;
    lines.update(s, this.#aroon.highest.value, this.#aroon.lowest.value);
    out[at] = lines.conversion;
    out[at + 1] = lines.base;
    out[at + 2] = lines.leadingA;
    out[at + 3] = lines.leadingB;
    out[at + 4] = m.bars > 26 ? m.close / m.history.close(s, 26) - 1 : NaN;
    out[at + 5] = lines.leadingA - lines.leadingB;
    out[at + 6] = lines.side(m.close);
  }

  #regressions(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    this.#vortex.update(s);
    out[at] = this.#vortex.plus;
    out[at + 1] = this.#vortex.minus;
    const line = this.#regression;
    line.update(s);
    out[at + 2] = line.end;
    out[at + 3] = line.slope;
    out[at + 4] = line.angle;
    out[at + 5] = line.r2;
    out[at + 6] = line.forecast;
    this.#lateCycle.update(s, m.close);
    const cycle = this.#cycle;
    cycle.update(s, this.#lateCycle);
    out[at + 7] = cycle.trendline;
    out[at + 8] = cycle.trendMode;
    out[at + 9] = this.#cyclePeriod.update(s, this.#earlyCycle);
    out[at + 10] = cycle.phase;
    out[at + 11] = cycle.sine;
    out[at + 12] = cycle.leadSine;
  }
}
