import { COLORS, Candles } from '../indicators/candlesticks/candles.js';
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

/** Patterns that may fire on candles of these colours (a bit a candle, 1 white), by place in {@link PATTERNS}. */
const BY_COLORS = Array.from({ length: 1 << COLORS }, (_, bits) =>
  Uint8Array.from(
    PATTERNS.flatMap(({ colors }, i) =>
      colors === undefined || colors.some((wanted) => isOf(wanted, bits)) ? [i] : [],
    ),
  ),
);

function isOf(wanted: string, bits: number): boolean {
  for (let ago = 0; ago < wanted.length; ago++) {
    const color = wanted[wanted.length - 1 - ago];
    if (color !== '.' && (color === 'W') !== (((bits >> ago) & 1) === 1)) return false;
  }
  return true;
}

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
    const first = this.#first;
    const counts = first + PATTERNS.length;
    out.fill(0, first, counts);
    let bullish = 0;
    let bearish = 0;
    const possible = BY_COLORS[candles.colors & ((1 << COLORS) - 1)]!;
    for (let i = 0; i < possible.length; i++) {
      const pattern = possible[i]!;
      const value = candles.detect(PATTERNS[pattern]!);
      if (value === 0) continue;
      out[first + pattern] = value;
      if (value > 0) bullish++;
      else bearish++;
    }
    out[counts] = bullish;
    out[counts + 1] = bearish;
    out[counts + 2] = bullish - bearish;
  }
}
