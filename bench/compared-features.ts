import { Atr } from '../actors/indicators/atr.js';
import { AwesomeOscillator } from '../actors/indicators/awesome-oscillator.js';
import { CommodityChannelIndex } from '../actors/indicators/commodity-channel-index.js';
import { DirectionalMovement } from '../actors/indicators/directional-movement.js';
import { Ema } from '../actors/indicators/ema.js';
import { History } from '../actors/indicators/history.js';
import { KnowSureThing } from '../actors/indicators/know-sure-thing.js';
import { Macd } from '../actors/indicators/macd.js';
import { MoneyFlowIndex } from '../actors/indicators/money-flow-index.js';
import { OnBalanceVolume } from '../actors/indicators/on-balance-volume.js';
import { ParabolicSar } from '../actors/indicators/parabolic-sar.js';
import { PriceSma } from '../actors/indicators/price-sma.js';
import { rateOfChange } from '../actors/indicators/rate-of-change.js';
import { RollingExtreme } from '../actors/indicators/rolling-extreme.js';
import { StandardDeviation } from '../actors/indicators/standard-deviation.js';
import { StateLayout } from '../actors/indicators/state.js';
import { Stochastic } from '../actors/indicators/stochastic.js';
import { StochasticRsi } from '../actors/indicators/stochastic-rsi.js';
import { Trix } from '../actors/indicators/trix.js';
import { WilderMomentum } from '../actors/indicators/wilder-momentum.js';
import { Wma } from '../actors/indicators/wma.js';
import type { Bar } from '../actors/market/bar.js';

/**
 * The catalogue's features that other libraries have too, computed as the engine's groups compute them: called in
 * turn, and what two of them begin with made once. `all` has TRIX, know sure thing and money flow index, which
 * trading-signals lacks.
 */
export class ComparedFeatures {
  readonly #layout = new StateLayout();
  readonly #history = new History(this.#layout);
  readonly #smas = [5, 10, 20, 50, 100, 200].map(
    (period) => new PriceSma(this.#layout, this.#history, this.#history.closes, period),
  );
  readonly #emas = [9, 12, 20, 26, 50, 100, 200].map((period) => new Ema(this.#layout, period));
  readonly #rsi7 = new WilderMomentum(this.#layout, 7);
  readonly #rsi14 = new WilderMomentum(this.#layout, 14);
  readonly #rsi21 = new WilderMomentum(this.#layout, 21);
  readonly #atr7 = new Atr(this.#layout, 7);
  readonly #atr14 = new Atr(this.#layout, 14);
  readonly #cci14 = new CommodityChannelIndex(this.#layout, this.#history, 14);
  readonly #cci20 = new CommodityChannelIndex(this.#layout, this.#history, 20);
  readonly #wma = new Wma(this.#layout, 20);
  readonly #macd = new Macd(this.#layout, 12, 26, 9);
  readonly #deviation = new StandardDeviation(this.#history, this.#history.closes, 20);
  readonly #stochasticRsi = new StochasticRsi(this.#layout, 14, 3);
  readonly #movement = new DirectionalMovement(this.#layout, this.#history, 14);
  readonly #highest = new RollingExtreme(this.#layout, this.#history, this.#history.highs, 14, 1);
  readonly #lowest = new RollingExtreme(this.#layout, this.#history, this.#history.lows, 14, -1);
  readonly #stochastic = new Stochastic(this.#layout, 3);
  readonly #sar = new ParabolicSar(this.#layout, this.#history, 0.02, 0.2);
  readonly #awesome = new AwesomeOscillator(this.#layout, this.#history, 5, 34);
  readonly #obv = new OnBalanceVolume(this.#layout);
  readonly #trix: Trix | undefined;
  readonly #kst: KnowSureThing | undefined;
  readonly #mfi: MoneyFlowIndex | undefined;
  readonly #state: Float64Array;
  readonly #out = new Float64Array(45);

  constructor(all: boolean) {
    if (all) {
      this.#trix = new Trix(this.#layout, 15);
      this.#kst = new KnowSureThing(this.#layout, this.#history);
      this.#mfi = new MoneyFlowIndex(this.#layout, this.#history, 14);
    }
    this.#state = new Float64Array(this.#layout.size);
  }

  update(bar: Bar): void {
    const [s, out, history] = [this.#state, this.#out, this.#history];
    history.push(s, bar.open, bar.high, bar.low, bar.close, bar.volume);
    this.#averages(s, bar, out);
    this.#strength(s, bar, out);
    this.#ranges(s, bar, out);
    this.#rest(s, bar, out);
  }

  #averages(s: Float64Array, { close }: Bar, out: Float64Array): void {
    const smas = this.#smas;
    for (let i = 0; i < smas.length; i++) out[i] = smas[i]!.update(s);
    const emas = this.#emas;
    for (let i = 0; i < emas.length; i++) out[6 + i] = emas[i]!.update(s, close);
    out[13] = this.#wma.update(s, close);
    this.#macd.update(s, close, out[9]!);
    out[14] = this.#macd.line;
    out[15] = this.#macd.signal;
    out[16] = this.#macd.histogram;
    const width = 2 * this.#deviation.update(s);
    out[17] = out[2]! + width;
    out[18] = out[2]!;
    out[19] = out[2]! - width;
  }

  #strength(s: Float64Array, { close }: Bar, out: Float64Array): void {
    this.#rsi7.update(s, close);
    this.#rsi14.update(s, close);
    this.#rsi21.update(s, close);
    out[20] = this.#rsi7.rsi;
    out[21] = this.#rsi14.rsi;
    out[22] = this.#rsi21.rsi;
    this.#stochasticRsi.update(s, this.#rsi14.rsi);
    out[23] = this.#stochasticRsi.k;
    out[24] = this.#stochasticRsi.d;
    const history = this.#history;
    out[25] = rateOfChange(s, history, 5);
    out[26] = rateOfChange(s, history, 10);
    out[27] = rateOfChange(s, history, 20);
    out[28] = this.#cci14.update(s);
    out[29] = this.#cci20.update(s);
  }

  #ranges(s: Float64Array, { close }: Bar, out: Float64Array): void {
    const range = this.#history.trueRange(s, 0);
    out[30] = this.#atr7.update(s, range);
    out[31] = this.#atr14.update(s, range);
    const [highest, lowest, stochastic] = [this.#highest, this.#lowest, this.#stochastic];
    highest.update(s);
    lowest.update(s);
    stochastic.update(s, close, highest.value, lowest.value);
    out[32] = stochastic.slowK;
    out[33] = stochastic.slowD;
    out[34] = (-100 * (highest.value - close)) / (highest.value - lowest.value);
    this.#movement.update(s);
    out[35] = this.#movement.adx;
    out[36] = this.#movement.plusDi;
    out[37] = this.#movement.minusDi;
    this.#sar.update(s);
    out[38] = this.#sar.value;
  }

  #rest(s: Float64Array, bar: Bar, out: Float64Array): void {
    const history = this.#history;
    out[39] = this.#awesome.update(s);
    out[40] = this.#obv.update(s, bar.close, history.bars > 1 ? history.close(s, 1) : NaN, bar.volume);
    if (this.#trix === undefined) return;
    out[41] = this.#trix.update(s, bar.close);
    this.#kst!.update(s);
    out[42] = this.#kst!.line;
    out[43] = this.#kst!.signal;
    out[44] = this.#mfi!.update(s, bar.volume);
  }
}
