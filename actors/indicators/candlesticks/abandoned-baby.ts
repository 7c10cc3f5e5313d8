import type { Pattern } from './candles.js';

/** TA-Lib `CDLABANDONEDBABY`. */
export const abandonedBaby: Pattern = {
  talib: 'CDLABANDONEDBABY',
  description:
    'Abandoned baby: a doji that gaps away from a long candle, shadows and all, and a third that gaps back and closes 0.3 into the first',
  lookback: 12,
  colors: ['W.B', 'B.W'],
  detect: (c) => {
    const way = c.color[2];
    return c.gap(1, 2) === way &&
      c.gap(0, 1) === -way &&
      way * c.close[0] < way * c.close[2] - c.body[2] * 0.3 &&
      c.body[2] > c.usualBody(2) &&
      c.body[1] <= c.dojiBody(1) &&
      c.body[0] > c.usualBody(0)
      ? -100 * way
      : 0;
  },
};
