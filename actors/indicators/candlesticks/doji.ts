import type { Pattern } from './candles.js';

/** Doji: open and close nearly equal. TA-Lib `CDLDOJI`. */
export const doji: Pattern = {
  talib: 'CDLDOJI',
  lookback: 10,
  detect: (c) => (c.body(0) <= c.dojiBody(0) ? 100 : 0),
};
