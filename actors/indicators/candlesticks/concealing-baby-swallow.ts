import type { Pattern } from './candles.js';

/** TA-Lib `CDLCONCEALBABYSWALL`. */
export const concealingBabySwallow: Pattern = {
  talib: 'CDLCONCEALBABYSWALL',
  description:
    'Concealing baby swallow: two black marubozu, a third black one that gaps down yet reaches back into the second, and a fourth that engulfs it with its shadows. Bullish',
  lookback: 13,
  colors: ['BBBB'],
  detect: (c) =>
    c.bodyGap(1, 2) === -1 &&
    c.lowerShadow[3] < c.veryShortShadow(3) &&
    c.upperShadow[3] < c.veryShortShadow(3) &&
    c.lowerShadow[2] < c.veryShortShadow(2) &&
    c.upperShadow[2] < c.veryShortShadow(2) &&
    c.upperShadow[1] > c.veryShortShadow(1) &&
    c.high[1] > c.close[2] &&
    c.high[0] > c.high[1] &&
    c.low[0] < c.low[1]
      ? 100
      : 0,
};
