import type { Pattern } from './candles.js';

/** TA-Lib `CDLSTALLEDPATTERN`. */
export const stalledPattern: Pattern = {
  talib: 'CDLSTALLEDPATTERN',
  description:
    'Stalled pattern: three rising white candles, two long ones and a small one on the shoulder of the second. Bearish',
  lookback: 12,
  colors: ['WWW'],
  detect: (c) =>
    c.close[0] > c.close[1] &&
    c.close[1] > c.close[2] &&
    c.body[2] > c.usualBody(2) &&
    c.body[1] > c.usualBody(1) &&
    c.upperShadow[1] < c.veryShortShadow(1) &&
    c.open[1] > c.open[2] &&
    c.open[1] <= c.close[2] + c.near(2) &&
    c.body[0] < c.usualBody(0) &&
    c.open[0] >= c.close[1] - c.body[0] - c.near(1)
      ? -100
      : 0,
};
