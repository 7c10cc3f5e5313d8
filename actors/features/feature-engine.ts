import { Sma } from '../indicators/sma.js';
import { StateLayout } from '../indicators/state.js';
import type { Bar } from '../market/bar.js';
import type { BarGrid } from '../market/bar-grid.js';
import { CandlestickFeatures } from './candlestick-features.js';
import { CATALOGUE, FEATURE_COUNT, MODEL_ONLY, columnOf } from './catalogue.js';
import { MarketState } from './market-state.js';
import { MomentumFeatures } from './momentum-features.js';
import { PriceFeatures } from './price-features.js';
import { DataQuality } from './quality.js';
import { StructureFeatures } from './structure-features.js';
import { TimeFeatures } from './time-features.js';
import { TrendFeatures } from './trend-features.js';
import { VolatilityFeatures } from './volatility-features.js';
import { VolumeFeatures } from './volume-features.js';

/** Raised whenever kernels take other slots of the state, so that no snapshot of an older layout is restored. */
export const FEATURE_STATE_REVISION = 5;

const FORM_AS_IS = 0;
const FORM_PRICE = 1;
const FORM_VOLUME = 2;
const FORM_ATR = 3;
const FORM_CANDLESTICK = 4;

/**
 * Turns bars of one grid into feature rows. One engine serves every series of that grid: all it
 * remembers of a series lies in the `Float64Array` handed to {@link update}, of `stateSize` numbers, all
 * zero before the first bar. `update` keeps nothing it allocates; what it does is V8's own boxing of numbers between
 * functions it does not inline.
 */
export class FeatureEngine {
  readonly grid: BarGrid;
  readonly stateSize: number;
  /** The row of the last bar: the catalogue's features, then values only models use. Overwritten by the next. */
  readonly row = new Float64Array(FEATURE_COUNT + MODEL_ONLY.length);
  readonly market: MarketState;
  readonly quality: DataQuality;
  readonly #price: PriceFeatures;
  readonly #trend: TrendFeatures;
  readonly #momentum: MomentumFeatures;
  readonly #volatility: VolatilityFeatures;
  readonly #volume: VolumeFeatures;
  readonly #candlesticks: CandlestickFeatures;
  readonly #structure: StructureFeatures;
  readonly #time: TimeFeatures;
  readonly #tickSma: Sma;
  readonly #tickColumn = columnOf('tick_ratio');
  readonly #forms = new Uint8Array(FEATURE_COUNT);
  readonly #sources = new Uint16Array(FEATURE_COUNT);

  /** `layout` lets a series keep more than features in the same array; the engine's slots come after what it holds. */
  constructor(grid: BarGrid, layout: StateLayout = new StateLayout()) {
    this.grid = grid;
    const market = new MarketState(layout);
    this.market = market;
    this.quality = new DataQuality(layout, grid);
    this.#price = new PriceFeatures(columnOf);
    this.#trend = new TrendFeatures(layout, market, columnOf);
    this.#momentum = new MomentumFeatures(layout, market, columnOf);
    this.#volatility = new VolatilityFeatures(layout, market, columnOf, grid.lengthMs);
    this.#volume = new VolumeFeatures(layout, market, columnOf);
    this.#candlesticks = new CandlestickFeatures(layout, market, columnOf);
    this.#structure = new StructureFeatures(layout, market, columnOf);
    this.#time = new TimeFeatures(layout, market, columnOf);
    this.#tickSma = new Sma(layout, 20);
    this.stateSize = layout.size;
    CATALOGUE.forEach((spec, column) => {
      this.#sources[column] = spec.form.startsWith('as:') ? columnOf(spec.form.slice(3)) : column;
      const code = { price: FORM_PRICE, volume: FORM_VOLUME, atr: FORM_ATR, candlestick: FORM_CANDLESTICK };
      this.#forms[column] = Object.hasOwn(code, spec.form)
        ? code[spec.form as keyof typeof code]
        : FORM_AS_IS;
    });
  }

  /** Takes the next closed bar; the features are in {@link row} afterwards, NaN where not warmed up. */
  update(s: Float64Array, bar: Bar): void {
    const row = this.row;
    const market = this.market;
    market.update(s, bar, this.grid.closeOf(bar.openTime));
    this.quality.update(s, bar, market.history);
    this.#price.update(s, bar, market, row);
    this.#trend.update(s, market, row);
    this.#momentum.update(s, market, row);
    this.#volatility.update(s, market, row);
    this.#volume.update(s, market, row);
    this.#candlesticks.update(s, row);
    this.#structure.update(s, market, row);
    this.#time.update(s, market, this.quality.score, this.quality.missing, row);
    const ticks = this.#tickColumn;
    row[ticks] = bar.tickCount / this.#tickSma.update(s, bar.tickCount);
    row[ticks + 1] = market.atr7 / market.close;
    row[ticks + 2] = market.atr14 / market.close;
  }

  /**
   * Writes the last row in its model form into `out` at `offset`: {@link FEATURE_COUNT} numbers, NaN where
   * unknown. Values are clipped to what Float32 holds.
   */
  writeModelForm(out: Float32Array, offset: number): void {
    const row = this.row;
    const { close, atr14, volumeSma20 } = this.market;
    const perAtr = atr14 === 0 ? 0 : 1 / atr14;
    const perVolume = volumeSma20 === 0 ? 0 : 1 / volumeSma20;
    for (let column = 0; column < FEATURE_COUNT; column++) {
      const x = row[this.#sources[column]!]!;
      switch (this.#forms[column]) {
        case FORM_PRICE:
          out[offset + column] = (x - close) * perAtr;
          break;
        case FORM_VOLUME:
          out[offset + column] = x * perVolume;
          break;
        case FORM_ATR:
          out[offset + column] = x * perAtr;
          break;
        case FORM_CANDLESTICK:
          out[offset + column] = x / 100;
          break;
        default:
          out[offset + column] = x;
      }
    }
  }
}
