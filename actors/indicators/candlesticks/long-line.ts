import type { Pattern } from './candles.js';

/** TA-Lib `CDLLONGLINE`. */
export const longLine: Pattern = {
  talib: 'CDLLONGLINE',
  description: 'Long line: a long body with short shadows',
  lookback: 10,
  detect: (c) =>
    c.body[0] > c.usualBody(0) && c.upperShadow[0] < c.shortShadow(0) && c.lowerShadow[0] < c.shortShadow(0)
      ? 100 * c.color[0]
      : 0,
};
