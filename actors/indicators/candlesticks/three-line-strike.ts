import type { Pattern } from './candles.js';

/** TA-Lib `CDL3LINESTRIKE`. */
export const threeLineStrike: Pattern = {
  talib: 'CDL3LINESTRIKE',
  description:
    'Three-line strike: three advancing candles of one colour, each opening in or near the body before, then an opposite one that takes it all back. The sign is that of the three',
  lookback: 8,
  colors: ['WWWB', 'BBBW'],
  detect: (c) => {
    const way = c.color[1];
    return way * c.close[1] > way * c.close[2] &&
      way * c.close[2] > way * c.close[3] &&
      way * c.open[0] > way * c.close[1] &&
      way * c.close[0] < way * c.open[3] &&
      c.open[2] >= c.bottom[3] - c.near(3) &&
      c.open[2] <= c.top[3] + c.near(3) &&
      c.open[1] >= c.bottom[2] - c.near(2) &&
      c.open[1] <= c.top[2] + c.near(2)
      ? 100 * way
      : 0;
  },
};
