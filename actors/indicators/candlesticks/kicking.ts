import type { Pattern } from './candles.js';

/** TA-Lib `CDLKICKING`. */
export const kicking: Pattern = {
  talib: 'CDLKICKING',
  description:
    'Kicking: two marubozu of opposite colours with a gap between them. The sign is that of the second',
  lookback: 11,
  colors: ['WB', 'BW'],
  detect: (c) =>
    c.gap(0, 1) === c.color[0] &&
    c.body[1] > c.usualBody(1) &&
    c.upperShadow[1] < c.veryShortShadow(1) &&
    c.lowerShadow[1] < c.veryShortShadow(1) &&
    c.body[0] > c.usualBody(0) &&
    c.upperShadow[0] < c.veryShortShadow(0) &&
    c.lowerShadow[0] < c.veryShortShadow(0)
      ? 100 * c.color[0]
      : 0,
};
