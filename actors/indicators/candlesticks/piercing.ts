import type { Pattern } from './candles.js';

/** TA-Lib `CDLPIERCING`. */
export const piercing: Pattern = {
  talib: 'CDLPIERCING',
  description:
    "Piercing line: a long white candle that opens below a long black one's low and closes above the middle of its body. Bullish",
  lookback: 11,
  colors: ['BW'],
  detect: (c) =>
    c.open[0] < c.low[1] &&
    c.close[0] < c.open[1] &&
    c.close[0] > c.close[1] + c.body[1] * 0.5 &&
    c.body[1] > c.usualBody(1) &&
    c.body[0] > c.usualBody(0)
      ? 100
      : 0,
};
