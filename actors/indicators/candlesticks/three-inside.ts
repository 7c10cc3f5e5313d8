import type { Pattern } from './candles.js';

/** TA-Lib `CDL3INSIDE`. */
export const threeInside: Pattern = {
  talib: 'CDL3INSIDE',
  description:
    "Three inside up and down: a short body within a long one (harami), then a candle that closes beyond the long one's open",
  lookback: 12,
  colors: ['W.B', 'B.W'],
  detect: (c) => {
    const way = c.color[2];
    return way * c.close[0] < way * c.open[2] &&
      c.top[1] < c.top[2] &&
      c.bottom[1] > c.bottom[2] &&
      c.body[2] > c.usualBody(2) &&
      c.body[1] <= c.usualBody(1)
      ? -100 * way
      : 0;
  },
};
