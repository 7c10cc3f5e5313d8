import type { Pattern } from './candles.js';

/** TA-Lib `CDLONNECK`. */
export const onNeck: Pattern = {
  talib: 'CDLONNECK',
  description:
    "On-neck: a white candle that opens below a long black one's low and closes at that low. Bearish",
  lookback: 11,
  colors: ['BW'],
  detect: (c) =>
    c.open[0] < c.low[1] &&
    c.close[0] <= c.low[1] + c.equal(1) &&
    c.close[0] >= c.low[1] - c.equal(1) &&
    c.body[1] > c.usualBody(1)
      ? -100
      : 0,
};
