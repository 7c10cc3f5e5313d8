import type { Pattern } from './candles.js';

/** TA-Lib `CDLEVENINGSTAR`. */
export const eveningStar: Pattern = {
  talib: 'CDLEVENINGSTAR',
  description:
    'Evening star: over a long white candle a short one gaps up, and a black one closes 0.3 into the white body. Bearish',
  lookback: 12,
  detect: (c) =>
    c.isWhite(2) &&
    c.isBlack(0) &&
    c.bodyGap(1, 2) === 1 &&
    c.close(0) < c.close(2) - c.body(2) * 0.3 &&
    c.body(2) > c.usualBody(2) &&
    c.body(1) <= c.usualBody(1) &&
    c.body(0) > c.usualBody(0)
      ? -100
      : 0,
};
