import type { Pattern } from './candles.js';

/** TA-Lib `CDLTAKURI`. */
export const takuri: Pattern = {
  talib: 'CDLTAKURI',
  description: 'Takuri: a dragonfly doji with a very long lower shadow',
  lookback: 10,
  detect: (c) =>
    c.body[0] <= c.dojiBody(0) &&
    c.upperShadow[0] < c.veryShortShadow(0) &&
    c.lowerShadow[0] > c.veryLongShadow(0)
      ? 100
      : 0,
};
