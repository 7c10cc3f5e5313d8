import type { Pattern } from './candles.js';

/** TA-Lib `CDLTHRUSTING`. */
export const thrusting: Pattern = {
  talib: 'CDLTHRUSTING',
  description:
    "Thrusting: a white candle that opens below a long black one's low and closes in its body, not above its middle. Bearish",
  lookback: 11,
  colors: ['BW'],
  detect: (c) =>
    c.open[0] < c.low[1] &&
    c.close[0] > c.close[1] + c.equal(1) &&
    c.close[0] <= c.close[1] + c.body[1] * 0.5 &&
    c.body[1] > c.usualBody(1)
      ? -100
      : 0,
};
