import type { Pattern } from './candles.js';

/** TA-Lib `CDLIDENTICAL3CROWS`. */
export const identicalThreeCrows: Pattern = {
  talib: 'CDLIDENTICAL3CROWS',
  description:
    'Identical three crows: three declining black candles with hardly a lower shadow, each opening at the close before. Bearish',
  lookback: 12,
  colors: ['BBB'],
  detect: (c) =>
    c.close[2] > c.close[1] &&
    c.close[1] > c.close[0] &&
    c.lowerShadow[2] < c.veryShortShadow(2) &&
    c.lowerShadow[1] < c.veryShortShadow(1) &&
    c.lowerShadow[0] < c.veryShortShadow(0) &&
    c.open[1] <= c.close[2] + c.equal(2) &&
    c.open[1] >= c.close[2] - c.equal(2) &&
    c.open[0] <= c.close[1] + c.equal(1) &&
    c.open[0] >= c.close[1] - c.equal(1)
      ? -100
      : 0,
};
