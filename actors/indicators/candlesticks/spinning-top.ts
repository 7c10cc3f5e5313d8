import type { Pattern } from './candles.js';

/** TA-Lib `CDLSPINNINGTOP`. */
export const spinningTop: Pattern = {
  talib: 'CDLSPINNINGTOP',
  description: 'Spinning top: a short body between two shadows longer than it',
  lookback: 10,
  detect: (c) =>
    c.body[0] < c.usualBody(0) && c.upperShadow[0] > c.body[0] && c.lowerShadow[0] > c.body[0]
      ? 100 * c.color[0]
      : 0,
};
