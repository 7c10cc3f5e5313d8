import type { Pattern } from './candles.js';

/** TA-Lib `CDLHANGINGMAN`. */
export const hangingMan: Pattern = {
  talib: 'CDLHANGINGMAN',
  description: "Hanging man: the hammer's shape near the highs before. Bearish",
  lookback: 11,
  detect: (c) =>
    c.lowerShadow[0] > c.longShadow(0) &&
    c.body[0] < c.usualBody(0) &&
    c.upperShadow[0] < c.veryShortShadow(0) &&
    c.bottom[0] >= c.high[1] - c.near(1)
      ? -100
      : 0,
};
