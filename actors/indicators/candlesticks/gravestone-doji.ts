import type { Pattern } from './candles.js';

/** TA-Lib `CDLGRAVESTONEDOJI`. */
export const gravestoneDoji: Pattern = {
  talib: 'CDLGRAVESTONEDOJI',
  description: 'Gravestone doji: a doji with hardly a lower shadow and with an upper one',
  lookback: 10,
  detect: (c) =>
    c.body[0] <= c.dojiBody(0) &&
    c.lowerShadow[0] < c.veryShortShadow(0) &&
    c.upperShadow[0] > c.veryShortShadow(0)
      ? 100
      : 0,
};
