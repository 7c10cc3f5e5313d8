import type { Pattern } from './candles.js';

/** TA-Lib `CDLUNIQUE3RIVER`. */
export const uniqueThreeRiver: Pattern = {
  talib: 'CDLUNIQUE3RIVER',
  description:
    'Unique three river: a long black candle, a black one within it with a lower low, and a short white one that opens above that low. Bullish',
  lookback: 12,
  colors: ['BBW'],
  detect: (c) =>
    c.close[1] > c.close[2] &&
    c.open[1] <= c.open[2] &&
    c.low[1] < c.low[2] &&
    c.open[0] > c.low[1] &&
    c.body[2] > c.usualBody(2) &&
    c.body[0] < c.usualBody(0)
      ? 100
      : 0,
};
