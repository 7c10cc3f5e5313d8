import { Candles } from '../indicators/candlesticks/candles.js';
import { doji } from '../indicators/candlesticks/doji.js';
import { engulfing } from '../indicators/candlesticks/engulfing.js';
import type { StateLayout } from '../indicators/state.js';
import { specs, type ColumnOf, type FeatureTuple } from './feature.js';
import type { MarketState } from './market-state.js';

type Pattern = (candles: Candles) => number;

/** Name after `cdl_`, TA-Lib's name after CDL, first bar it may fire on, and the function. */
const PATTERNS: readonly (readonly [string, number, Pattern])[] = [
  ['DOJI', 11, doji],
  ['ENGULFING', 3, engulfing],
];

export const CANDLESTICK_FEATURES = specs('candlesticks', [
  ...PATTERNS.map(([name, bars]): FeatureTuple => [
    `cdl_${name.toLowerCase()}`,
    'candlestick',
    '−200..200',
    bars,
    `Candlestick pattern ${name}`,
    `CDL${name}`,
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

  update(s: Float64Array, m: MarketState, out: Float64Array): void {
    const candles = this.#candles;
    candles.update(s);
    let at = this.#first;
    let bullish = 0;
    let bearish = 0;
    for (let i = 0; i < PATTERNS.length; i++) {
      const [, bars, pattern] = PATTERNS[i]!;
      const value = m.bars >= bars ? pattern(candles) : 0;
      out[at++] = value;
      if (value > 0) bullish++;
      else if (value < 0) bearish++;
    }
    out[at++] = bullish;
    out[at++] = bearish;
    out[at] = bullish - bearish;
  }
}
