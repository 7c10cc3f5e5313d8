import type { Pattern } from './candles.js';

/** TA-Lib `CDLCOUNTERATTACK`. */
export const counterattack: Pattern = {
  talib: 'CDLCOUNTERATTACK',
  description: 'Counterattack: two long candles of opposite colours that close at the same price',
  lookback: 11,
  colors: ['WB', 'BW'],
  detect: (c) =>
    c.body[1] > c.usualBody(1) &&
    c.body[0] > c.usualBody(0) &&
    c.close[0] <= c.close[1] + c.equal(1) &&
    c.close[0] >= c.close[1] - c.equal(1)
      ? 100 * c.color[0]
      : 0,
};
