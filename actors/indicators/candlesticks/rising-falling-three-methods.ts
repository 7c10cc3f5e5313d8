import type { Pattern } from './candles.js';

/** TA-Lib `CDLRISEFALL3METHODS`. */
export const risingFallingThreeMethods: Pattern = {
  talib: 'CDLRISEFALL3METHODS',
  description:
    'Rising and falling three methods: a long candle, three small ones against it that hold within its range, and a long one that closes beyond it',
  lookback: 14,
  colors: ['WBBBW', 'BWWWB'],
  detect: (c) => {
    const way = c.color[4];
    for (let ago = 3; ago >= 1; ago--) if (!(c.bottom[ago]! < c.high[4] && c.top[ago]! > c.low[4])) return 0;
    return way * c.close[2] < way * c.close[3] &&
      way * c.close[1] < way * c.close[2] &&
      way * c.open[0] > way * c.close[1] &&
      way * c.close[0] > way * c.close[4] &&
      c.body[4] > c.usualBody(4) &&
      c.body[3] < c.usualBody(3) &&
      c.body[2] < c.usualBody(2) &&
      c.body[1] < c.usualBody(1) &&
      c.body[0] > c.usualBody(0)
      ? 100 * way
      : 0;
  },
};
