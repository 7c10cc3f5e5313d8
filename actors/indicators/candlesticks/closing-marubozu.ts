import type { Pattern } from './candles.js';

/** TA-Lib `CDLCLOSINGMARUBOZU`. */
export const closingMarubozu: Pattern = {
  talib: 'CDLCLOSINGMARUBOZU',
  description: 'Closing marubozu: a long body with hardly a shadow on the side where it closed',
  lookback: 10,
  detect: (c) =>
    c.body[0] > c.usualBody(0) &&
    (c.color[0] === 1 ? c.upperShadow[0] : c.lowerShadow[0]) < c.veryShortShadow(0)
      ? 100 * c.color[0]
      : 0,
};
