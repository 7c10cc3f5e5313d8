import type { Pattern } from './candles.js';

/** TA-Lib `CDLMATCHINGLOW`. */
export const matchingLow: Pattern = {
  talib: 'CDLMATCHINGLOW',
  description: 'Matching low: two black candles that close at the same price. Bullish',
  lookback: 6,
  colors: ['BB'],
  detect: (c) => (c.close[0] <= c.close[1] + c.equal(1) && c.close[0] >= c.close[1] - c.equal(1) ? 100 : 0),
};
