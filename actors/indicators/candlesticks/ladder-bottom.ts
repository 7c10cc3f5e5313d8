import type { Pattern } from './candles.js';

/** TA-Lib `CDLLADDERBOTTOM`. */
export const ladderBottom: Pattern = {
  talib: 'CDLLADDERBOTTOM',
  description:
    'Ladder bottom: three black candles with falling opens and closes, a fourth with an upper shadow, and a white one that closes above its high. Bullish',
  lookback: 14,
  colors: ['BBBBW'],
  detect: (c) =>
    c.open[4] > c.open[3] &&
    c.open[3] > c.open[2] &&
    c.close[4] > c.close[3] &&
    c.close[3] > c.close[2] &&
    c.upperShadow[1] > c.veryShortShadow(1) &&
    c.open[0] > c.open[1] &&
    c.close[0] > c.high[1]
      ? 100
      : 0,
};
