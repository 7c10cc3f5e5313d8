import type { Pattern } from './candles.js';

/** TA-Lib `CDLXSIDEGAP3METHODS`. */
export const gapThreeMethods: Pattern = {
  talib: 'CDLXSIDEGAP3METHODS',
  description:
    'Upside and downside gap three methods: two candles of one colour with a gap between them, and an opposite one from the second body into the first',
  lookback: 2,
  colors: ['WWB', 'BBW'],
  detect: (c) => {
    const way = c.color[2];
    return c.bodyGap(1, 2) === way &&
      c.open[0] < c.top[1] &&
      c.open[0] > c.bottom[1] &&
      c.close[0] < c.top[2] &&
      c.close[0] > c.bottom[2]
      ? 100 * way
      : 0;
  },
};
