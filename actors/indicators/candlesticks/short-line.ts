import type { Pattern } from './candles.js';

/** Short line: a short body with short shadows. TA-Lib `CDLSHORTLINE`. */
export const shortLine: Pattern = {
  talib: 'CDLSHORTLINE',
  lookback: 10,
  detect: (c) =>
    c.body(0) < c.usualBody(0) && c.upperShadow(0) < c.shortShadow(0) && c.lowerShadow(0) < c.shortShadow(0)
      ? 100 * c.color(0)
      : 0,
};
