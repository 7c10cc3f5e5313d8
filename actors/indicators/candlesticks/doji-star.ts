import type { Pattern } from './candles.js';

/** TA-Lib `CDLDOJISTAR`. */
export const dojiStar: Pattern = {
  talib: 'CDLDOJISTAR',
  description: 'Doji star: a doji whose body gaps away from a long candle, in its direction',
  lookback: 11,
  detect: (c) =>
    c.body[0] <= c.dojiBody(0) && c.body[1] > c.usualBody(1) && c.bodyGap(0, 1) === c.color[1]
      ? -100 * c.color[1]
      : 0,
};
