import type { Pattern } from './candles.js';

/** TA-Lib `CDLINVERTEDHAMMER`. */
export const invertedHammer: Pattern = {
  talib: 'CDLINVERTEDHAMMER',
  description:
    'Inverted hammer: a small body with a long upper shadow and hardly a lower one, gapping down. Bullish',
  lookback: 11,
  detect: (c) =>
    c.upperShadow[0] > c.longShadow(0) &&
    c.bodyGap(0, 1) === -1 &&
    c.body[0] < c.usualBody(0) &&
    c.lowerShadow[0] < c.veryShortShadow(0)
      ? 100
      : 0,
};
