import type { Pattern } from './candles.js';

/** TA-Lib `CDLBREAKAWAY`. */
export const breakaway: Pattern = {
  talib: 'CDLBREAKAWAY',
  description:
    'Breakaway: a long candle, one of its colour that gaps on, two that go further, and an opposite one that closes in the gap',
  lookback: 14,
  colors: ['WW.WB', 'BB.BW'],
  detect: (c) => {
    const way = c.color[4];
    return c.bodyGap(3, 4) === way &&
      way * c.high[2] > way * c.high[3] &&
      way * c.low[2] > way * c.low[3] &&
      way * c.high[1] > way * c.high[2] &&
      way * c.low[1] > way * c.low[2] &&
      way * c.close[0] < way * c.open[3] &&
      way * c.close[0] > way * c.close[4] &&
      c.body[4] > c.usualBody(4)
      ? -100 * way
      : 0;
  },
};
