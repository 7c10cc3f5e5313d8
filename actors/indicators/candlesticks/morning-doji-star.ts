import type { Pattern } from './candles.js';

/** TA-Lib `CDLMORNINGDOJISTAR`. */
export const morningDojiStar: Pattern = {
  talib: 'CDLMORNINGDOJISTAR',
  description:
    'Morning doji star: under a long black candle a doji gaps down, and a white one closes 0.3 into the black body. Bullish',
  lookback: 12,
  detect: (c) =>
    c.isBlack(2) &&
    c.isWhite(0) &&
    c.bodyGap(1, 2) === -1 &&
    c.close(0) > c.close(2) + c.body(2) * 0.3 &&
    c.body(2) > c.usualBody(2) &&
    c.body(1) <= c.dojiBody(1) &&
    c.body(0) > c.usualBody(0)
      ? 100
      : 0,
};
