import type { Pattern } from './candles.js';

/** TA-Lib `CDL3STARSINSOUTH`. */
export const threeStarsInSouth: Pattern = {
  talib: 'CDL3STARSINSOUTH',
  description:
    'Three stars in the south: three black candles that shrink from a long one with a long lower shadow to a small marubozu within the range before. Bullish',
  lookback: 12,
  colors: ['BBB'],
  detect: (c) =>
    c.body[2] > c.usualBody(2) &&
    c.lowerShadow[2] > c.longShadow(2) &&
    c.body[1] < c.body[2] &&
    c.open[1] > c.close[2] &&
    c.open[1] <= c.high[2] &&
    c.low[1] < c.close[2] &&
    c.low[1] >= c.low[2] &&
    c.lowerShadow[1] > c.veryShortShadow(1) &&
    c.body[0] < c.usualBody(0) &&
    c.lowerShadow[0] < c.veryShortShadow(0) &&
    c.upperShadow[0] < c.veryShortShadow(0) &&
    c.low[0] > c.low[1] &&
    c.high[0] < c.high[1]
      ? 100
      : 0,
};
