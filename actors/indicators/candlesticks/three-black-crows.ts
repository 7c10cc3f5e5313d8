import type { Pattern } from './candles.js';

/** TA-Lib `CDL3BLACKCROWS`. */
export const threeBlackCrows: Pattern = {
  talib: 'CDL3BLACKCROWS',
  description:
    'Three black crows: after a white candle three declining black ones with hardly a lower shadow, each opening in the body before. Bearish',
  lookback: 13,
  colors: ['WBBB'],
  detect: (c) =>
    c.lowerShadow[2] < c.veryShortShadow(2) &&
    c.lowerShadow[1] < c.veryShortShadow(1) &&
    c.lowerShadow[0] < c.veryShortShadow(0) &&
    c.open[1] < c.open[2] &&
    c.open[1] > c.close[2] &&
    c.open[0] < c.open[1] &&
    c.open[0] > c.close[1] &&
    c.high[3] > c.close[2] &&
    c.close[2] > c.close[1] &&
    c.close[1] > c.close[0]
      ? -100
      : 0,
};
