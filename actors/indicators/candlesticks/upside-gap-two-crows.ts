import type { Pattern } from './candles.js';

/** TA-Lib `CDLUPSIDEGAP2CROWS`. */
export const upsideGapTwoCrows: Pattern = {
  talib: 'CDLUPSIDEGAP2CROWS',
  description:
    'Upside gap two crows: over a long white candle a short black one gaps up, and a second black one engulfs it and still closes above the white. Bearish',
  lookback: 12,
  colors: ['WBB'],
  detect: (c) =>
    c.bodyGap(1, 2) === 1 &&
    c.open[0] > c.open[1] &&
    c.close[0] < c.close[1] &&
    c.close[0] > c.close[2] &&
    c.body[2] > c.usualBody(2) &&
    c.body[1] <= c.usualBody(1)
      ? -100
      : 0,
};
