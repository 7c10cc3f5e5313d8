import type { Pattern } from './candles.js';

/** TA-Lib `CDLINNECK`. */
export const inNeck: Pattern = {
  talib: 'CDLINNECK',
  description:
    "In-neck: a white candle that opens below a long black one's low and closes at its close or just into its body. Bearish",
  lookback: 11,
  colors: ['BW'],
  detect: (c) =>
    c.open[0] < c.low[1] &&
    c.close[0] >= c.close[1] &&
    c.close[0] <= c.close[1] + c.equal(1) &&
    c.body[1] > c.usualBody(1)
      ? -100
      : 0,
};
