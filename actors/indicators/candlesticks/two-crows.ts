import type { Pattern } from './candles.js';

/** TA-Lib `CDL2CROWS`. */
export const twoCrows: Pattern = {
  talib: 'CDL2CROWS',
  description:
    'Two crows: over a long white candle a black one gaps up, and a second black one opens in it and closes in the white body. Bearish',
  lookback: 12,
  colors: ['WBB'],
  detect: (c) =>
    c.body[2] > c.usualBody(2) &&
    c.bodyGap(1, 2) === 1 &&
    c.open[0] < c.open[1] &&
    c.open[0] > c.close[1] &&
    c.close[0] > c.open[2] &&
    c.close[0] < c.close[2]
      ? -100
      : 0,
};
