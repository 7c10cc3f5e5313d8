import type { Pattern } from './candles.js';

/** TA-Lib `CDLLONGLEGGEDDOJI`. */
export const longLeggedDoji: Pattern = {
  talib: 'CDLLONGLEGGEDDOJI',
  description: 'Long-legged doji: a doji with a long shadow on either side',
  lookback: 10,
  detect: (c) =>
    c.body[0] <= c.dojiBody(0) && (c.lowerShadow[0] > c.longShadow(0) || c.upperShadow[0] > c.longShadow(0))
      ? 100
      : 0,
};
