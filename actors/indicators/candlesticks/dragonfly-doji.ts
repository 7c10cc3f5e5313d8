import type { Pattern } from './candles.js';

/** TA-Lib `CDLDRAGONFLYDOJI`. */
export const dragonflyDoji: Pattern = {
  talib: 'CDLDRAGONFLYDOJI',
  description: 'Dragonfly doji: a doji with hardly an upper shadow and with a lower one',
  lookback: 10,
  detect: (c) =>
    c.body[0] <= c.dojiBody(0) &&
    c.upperShadow[0] < c.veryShortShadow(0) &&
    c.lowerShadow[0] > c.veryShortShadow(0)
      ? 100
      : 0,
};
