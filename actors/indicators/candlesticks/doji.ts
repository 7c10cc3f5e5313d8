import type { Pattern } from './candles.js';

/** TA-Lib `CDLDOJI`. */
export const doji: Pattern = {
  talib: 'CDLDOJI',
  description: 'Doji: open and close nearly equal',
  lookback: 10,
  detect: (c) => (c.body[0] <= c.dojiBody(0) ? 100 : 0),
};
