import type { Pattern } from './candles.js';

/** TA-Lib `CDLBELTHOLD`. */
export const beltHold: Pattern = {
  talib: 'CDLBELTHOLD',
  description: 'Belt hold: a long body with hardly a shadow on the side where it opened',
  lookback: 10,
  detect: (c) =>
    c.body[0] > c.usualBody(0) &&
    (c.color[0] === 1 ? c.lowerShadow[0] : c.upperShadow[0]) < c.veryShortShadow(0)
      ? 100 * c.color[0]
      : 0,
};
