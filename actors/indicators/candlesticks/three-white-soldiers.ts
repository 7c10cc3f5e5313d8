import type { Pattern } from './candles.js';

/** TA-Lib `CDL3WHITESOLDIERS`. */
export const threeWhiteSoldiers: Pattern = {
  talib: 'CDL3WHITESOLDIERS',
  description:
    'Three white soldiers: three rising white candles with hardly an upper shadow, each opening in or near the body before, none far shorter than the last. Bullish',
  lookback: 12,
  colors: ['WWW'],
  detect: (c) =>
    c.close[0] > c.close[1] &&
    c.close[1] > c.close[2] &&
    c.open[1] > c.open[2] &&
    c.open[0] > c.open[1] &&
    c.upperShadow[2] < c.veryShortShadow(2) &&
    c.upperShadow[1] < c.veryShortShadow(1) &&
    c.upperShadow[0] < c.veryShortShadow(0) &&
    c.open[1] <= c.close[2] + c.near(2) &&
    c.open[0] <= c.close[1] + c.near(1) &&
    c.body[1] > c.body[2] - c.far(2) &&
    c.body[0] > c.body[1] - c.far(1) &&
    c.body[0] > c.usualBody(0)
      ? 100
      : 0,
};
