import type { Pattern } from './candles.js';

/** TA-Lib `CDLMATHOLD`. */
export const matHold: Pattern = {
  talib: 'CDLMATHOLD',
  description:
    'Mat hold: a long white candle, a small black one that gaps up, two small ones that sink but not past half of the first, and a white one that closes above their highs. Bullish',
  lookback: 14,
  colors: ['WB..W'],
  detect: (c) =>
    c.bodyGap(3, 4) === 1 &&
    c.bottom[2] < c.close[4] &&
    c.bottom[1] < c.close[4] &&
    c.bottom[2] > c.close[4] - c.body[4] * 0.5 &&
    c.bottom[1] > c.close[4] - c.body[4] * 0.5 &&
    c.top[2] < c.open[3] &&
    c.top[1] < c.top[2] &&
    c.open[0] > c.close[1] &&
    c.close[0] > c.high[3] &&
    c.close[0] > c.high[2] &&
    c.close[0] > c.high[1] &&
    c.body[4] > c.usualBody(4) &&
    c.body[3] < c.usualBody(3) &&
    c.body[2] < c.usualBody(2) &&
    c.body[1] < c.usualBody(1)
      ? 100
      : 0,
};
