import type { Pattern } from './candles.js';

/** TA-Lib `CDLSHOOTINGSTAR`. */
export const shootingStar: Pattern = {
  talib: 'CDLSHOOTINGSTAR',
  description:
    'Shooting star: a small body with a long upper shadow and hardly a lower one, gapping up. Bearish',
  lookback: 11,
  detect: (c) =>
    c.upperShadow[0] > c.longShadow(0) &&
    c.bodyGap(0, 1) === 1 &&
    c.body[0] < c.usualBody(0) &&
    c.lowerShadow[0] < c.veryShortShadow(0)
      ? -100
      : 0,
};
