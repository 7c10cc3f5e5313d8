import type { Pattern } from './candles.js';

/** TA-Lib `CDLHOMINGPIGEON`. */
export const homingPigeon: Pattern = {
  talib: 'CDLHOMINGPIGEON',
  description: 'Homing pigeon: a short black body within the long black one before it. Bullish',
  lookback: 11,
  colors: ['BB'],
  detect: (c) =>
    c.open[0] < c.open[1] &&
    c.close[0] > c.close[1] &&
    c.body[1] > c.usualBody(1) &&
    c.body[0] <= c.usualBody(0)
      ? 100
      : 0,
};
