import type { Pattern } from './candles.js';

/** TA-Lib `CDLSHORTLINE`. */
export const shortLine: Pattern = {
  talib: 'CDLSHORTLINE',
  description: 'Short line: a short body with short shadows',
  lookback: 10,
  detect: (c) =>
    c.body[0] < c.usualBody(0) && c.upperShadow[0] < c.shortShadow(0) && c.lowerShadow[0] < c.shortShadow(0)
      ? 100 * c.color[0]
      : 0,
};
