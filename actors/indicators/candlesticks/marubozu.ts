import type { Pattern } from './candles.js';

/** TA-Lib `CDLMARUBOZU`. */
export const marubozu: Pattern = {
  talib: 'CDLMARUBOZU',
  description: 'Marubozu: a long body with hardly a shadow',
  lookback: 10,
  detect: (c) =>
    c.body[0] > c.usualBody(0) &&
    c.upperShadow[0] < c.veryShortShadow(0) &&
    c.lowerShadow[0] < c.veryShortShadow(0)
      ? 100 * c.color[0]
      : 0,
};
