import type { Pattern } from './candles.js';

/** TA-Lib `CDLSEPARATINGLINES`. */
export const separatingLines: Pattern = {
  talib: 'CDLSEPARATINGLINES',
  description: 'Separating lines: two candles of opposite colours with the same open, the second a belt hold',
  lookback: 11,
  colors: ['WB', 'BW'],
  detect: (c) =>
    c.open[0] <= c.open[1] + c.equal(1) &&
    c.open[0] >= c.open[1] - c.equal(1) &&
    c.body[0] > c.usualBody(0) &&
    (c.color[0] === 1 ? c.lowerShadow[0] : c.upperShadow[0]) < c.veryShortShadow(0)
      ? 100 * c.color[0]
      : 0,
};
