import type { Pattern } from './candles.js';

/** TA-Lib `CDLHIGHWAVE`. */
export const highWave: Pattern = {
  talib: 'CDLHIGHWAVE',
  description: 'High wave: a short body between two very long shadows',
  lookback: 10,
  detect: (c) =>
    c.upperShadow[0] > c.veryLongShadow(0) &&
    c.lowerShadow[0] > c.veryLongShadow(0) &&
    c.body[0] < c.usualBody(0)
      ? 100 * c.color[0]
      : 0,
};
