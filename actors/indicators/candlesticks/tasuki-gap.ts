import type { Pattern } from './candles.js';

/** TA-Lib `CDLTASUKIGAP`. */
export const tasukiGap: Pattern = {
  talib: 'CDLTASUKIGAP',
  description:
    'Tasuki gap: a candle that gaps on, and an opposite one of like size that opens in it and closes in the gap. The sign is that of the gap',
  lookback: 7,
  colors: ['WB', 'BW'],
  detect: (c) => {
    const way = c.color[1];
    if (c.bodyGap(1, 2) !== way) return 0;
    return way * c.open[0] < way * c.close[1] &&
      way * c.open[0] > way * c.open[1] &&
      way * c.close[0] < way * c.open[1] &&
      (way === 1 ? c.close[0] > c.top[2] : c.close[0] < c.bottom[2]) &&
      Math.abs(c.body[1] - c.body[0]) < c.near(1)
      ? 100 * way
      : 0;
  },
};
