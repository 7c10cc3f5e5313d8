import { Delay } from '../indicators/delay.js';
import { Dema } from '../indicators/dema.js';
import { DirectionalMovement } from '../indicators/directional-movement.js';
import { DominantCycle, DominantCyclePeriod } from '../indicators/dominant-cycle.js';
import { Ema } from '../indicators/ema.js';
import { HilbertCycle } from '../indicators/hilbert.js';
import { FIELD } from '../indicators/history.js';
import { Hma } from '../indicators/hma.js';
import { Kama } from '../indicators/kama.js';
import { ratio } from '../indicators/kernel.js';
import { LinearRegression } from '../indicators/linear-regression.js';
import { Macd } from '../indicators/macd.js';
import { Mama } from '../indicators/mama.js';
import { ParabolicSar } from '../indicators/parabolic-sar.js';
import { PriceSma } from '../indicators/price-sma.js';
import { RollingExtreme } from '../indicators/rolling-extreme.js';
import type { StateLayout } from '../indicators/state.js';
import { Supertrend } from '../indicators/supertrend.js';
import { T3 } from '../indicators/t3.js';
import { Tema } from '../indicators/tema.js';
import { Trima } from '../indicators/trima.js';
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
  readonly #highest26: RollingExtreme;
  readonly #lowest26: RollingExtreme;
  readonly #highest9: RollingExtreme;
  readonly #lowest9: RollingExtreme;
  readonly #highest52: RollingExtreme;
  readonly #lowest52: RollingExtreme;
  readonly #senkouA: Delay;
  readonly #senkouB: Delay;
  readonly #sar: ParabolicSar;
  readonly #supertrend: Supertrend;
  readonly #regression: LinearRegression;

  constructor(layout: StateLayout, m: MarketState, columnOf: ColumnOf) {
    this.#first = columnOf('sma_5');
    const history = m.history;
    this.#smas = [5, 10, 20, 50, 100, 200].map((n) => new PriceSma(layout, history, FIELD.close, n));
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
    this.#highest26 = new RollingExtreme(layout, history, FIELD.high, 26, 1);
    this.#lowest26 = new RollingExtreme(layout, history, FIELD.low, 26, -1);
    this.#highest9 = new RollingExtreme(layout, history, FIELD.high, 9, 1);
    this.#lowest9 = new RollingExtreme(layout, history, FIELD.low, 9, -1);
    this.#highest52 = new RollingExtreme(layout, history, FIELD.high, 52, 1);
    this.#lowest52 = new RollingExtreme(layout, history, FIELD.low, 52, -1);
    this.#senkouA = new Delay(layout, 26);
    this.#senkouB = new Delay(layout, 26);
    this.#sar = new ParabolicSar(layout, history, 0.02, 0.2);
    this.#supertrend = new Supertrend(layout, 10, 3);
    this.#regression = new LinearRegression(history, 14);
  }

  update(s: Float64Array, m: MarketState, out: Float64Array): void {
    const at = this.#first;
    this.#averages(s, m, out, at);
    this.#directional(s, m, out, at + 22);
    this.#ichimoku(s, m, out, at + 39);
    this.#regressions(s, m, out, at + 46);
    out[at + 59] = out[at + 3]! - out[at + 5]!;
    out[at + 60] = out[at + 7]! - out[at + 9]!;
    out[at + 61] = efficiency(s, m, 20);
  }

  #averages(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    const close = m.close;
    let i = at;
    const smas = this.#smas;
    for (let k = 0; k < smas.length; k++) out[i++] = smas[k]!.update(s);
    const emas = this.#emas;
    for (let k = 0; k < emas.length; k++) out[i++] = emas[k]!.update(s, close);
    out[i++] = this.#wma.update(s, close);
    out[i++] = this.#hma.update(s, close);
    out[i++] = this.#dema.update(s, close);
    out[i++] = this.#tema.update(s, close);
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
    this.#macd.update(s, m.close);
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
    this.#highest26.update(s);
    this.#lowest26.update(s);
    const up = 4 * (25 - this.#highest26.ago);
    const down = 4 * (25 - this.#lowest26.ago);
    out[i++] = up;
    out[i++] = down;
    out[i++] = up - down;
    this.#sar.update(s);
    out[i++] = this.#sar.value;
    out[i++] = this.#sar.direction;
    this.#supertrend.update(s, m.high, m.low, m.close, m.atr10);
    out[i++] = this.#supertrend.value;
    out[i] = this.#supertrend.direction;
  }

  #ichimoku(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    this.#highest9.update(s);
    this.#lowest9.update(s);
    this.#highest52.update(s);
    this.#lowest52.update(s);
    const tenkan = (this.#highest9.value + this.#lowest9.value) / 2;
    const kijun = (this.#highest26.value + this.#lowest26.value) / 2;
    const senkouA = this.#senkouA.update(s, (tenkan + kijun) / 2);
    const senkouB = this.#senkouB.update(s, (this.#highest52.value + this.#lowest52.value) / 2);
    out[at] = tenkan;
    out[at + 1] = kijun;
    out[at + 2] = senkouA;
    out[at + 3] = senkouB;
    out[at + 4] = m.bars > 26 ? m.close / m.history.value(s, FIELD.close, 26) - 1 : NaN;
    out[at + 5] = senkouA - senkouB;
    if (senkouB !== senkouB) out[at + 6] = NaN;
    else if (m.close > Math.max(senkouA, senkouB)) out[at + 6] = 1;
    else out[at + 6] = m.close < Math.min(senkouA, senkouB) ? -1 : 0;
  }

  #regressions(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
    vortex(s, m, out, at);
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

/** Vortex indicator over 14 bars. Source: Botes & Siepman, S&C 2010. */
function vortex(s: Float64Array, m: MarketState, out: Float64Array, at: number): void {
  if (m.bars < 15) {
    out[at] = out[at + 1] = NaN;
    return;
  }
  const history = m.history;
  let plus = 0;
  let minus = 0;
  let range = 0;
  for (let ago = 13; ago >= 0; ago--) {
    plus += Math.abs(history.value(s, FIELD.high, ago) - history.value(s, FIELD.low, ago + 1));
    minus += Math.abs(history.value(s, FIELD.low, ago) - history.value(s, FIELD.high, ago + 1));
    range += history.value(s, FIELD.trueRange, ago);
  }
  out[at] = ratio(plus, range);
  out[at + 1] = ratio(minus, range);
}

/** Kaufman's efficiency ratio of the close. */
function efficiency(s: Float64Array, m: MarketState, bars: number): number {
  if (m.bars <= bars) return NaN;
  const history = m.history;
  let path = 0;
  for (let ago = bars - 1; ago >= 0; ago--) {
    path += Math.abs(history.value(s, FIELD.close, ago) - history.value(s, FIELD.close, ago + 1));
  }
  return Math.min(1, ratio(Math.abs(m.close - history.value(s, FIELD.close, bars)), path));
}
