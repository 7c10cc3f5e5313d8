import type { Pattern } from './candles.js';

/** TA-Lib `CDLHAMMER`. */
export const hammer: Pattern = {
  talib: 'CDLHAMMER',
  description:
    'Hammer: a small body with a long lower shadow and hardly an upper one, near the lows before. Bullish',
  lookback: 11,
  detect: (c) =>
    c.lowerShadow[0] > c.longShadow(0) &&
    c.body[0] < c.usualBody(0) &&
    c.upperShadow[0] < c.veryShortShadow(0) &&
    c.bottom[0] <= c.low[1] + c.near(1)
      ? 100
      : 0,
};
