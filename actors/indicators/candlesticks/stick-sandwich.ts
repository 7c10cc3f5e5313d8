import type { Pattern } from './candles.js';

/** TA-Lib `CDLSTICKSANDWICH`. */
export const stickSandwich: Pattern = {
  talib: 'CDLSTICKSANDWICH',
  description: 'Stick sandwich: a white candle between two black ones that close at the same price. Bullish',
  lookback: 7,
  colors: ['BWB'],
  detect: (c) =>
    c.low[1] > c.close[2] && c.close[0] <= c.close[2] + c.equal(2) && c.close[0] >= c.close[2] - c.equal(2)
      ? 100
      : 0,
};
