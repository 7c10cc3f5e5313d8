import { Candles } from '../indicators/candlesticks/candles.js';
import { PATTERNS } from '../indicators/candlesticks/patterns.js';
import type { StateLayout } from '../indicators/state.js';
import { specs, type ColumnOf, type FeatureTuple } from './feature.js';
import type { MarketState } from './market-state.js';

export const CANDLESTICK_FEATURES = specs('candlesticks', [
  ...PATTERNS.map(({ talib, lookback, description }): FeatureTuple => [
    `cdl_${talib.slice(3).toLowerCase()}`,
    'candlestick',
    '−200..200',
    lookback + 1,
    description,
    talib,
  ]),
  ['cdl_bullish_count', 'raw', 'count', 1, 'Candlestick patterns above 0 on this bar'],
  ['cdl_bearish_count', 'raw', 'count', 1, 'Candlestick patterns below 0 on this bar'],
  ['cdl_net', 'raw', 'count', 1, 'cdl_bullish_count − cdl_bearish_count'],
]);

/** TA-Lib's candlestick patterns, 0 before they have seen enough, and their counts. */
export class CandlestickFeatures {
  readonly #first: number;
  readonly #candles: Candles;

  constructor(layout: StateLayout, m: MarketState, columnOf: ColumnOf) {
    this.#first = columnOf(CANDLESTICK_FEATURES[0]!.name);
    this.#candles = new Candles(layout, m.history);
  }

  update(s: Float64Array, out: Float64Array): void {
    const candles = this.#candles;
    candles.update(s);
    let at = this.#first;
    let bullish = 0;
    let bearish = 0;
    for (let i = 0; i < PATTERNS.length; i++) {
      const value = candles.detect(PATTERNS[i]!);
      out[at++] = value;
      if (value > 0) bullish++;
      else if (value < 0) bearish++;
    }
    out[at++] = bullish;
    out[at++] = bearish;
    out[at] = bullish - bearish;
  }
}
