import type { Pattern } from './candles.js';

/** TA-Lib `CDLDARKCLOUDCOVER`. */
export const darkCloudCover: Pattern = {
  talib: 'CDLDARKCLOUDCOVER',
  description:
    "Dark cloud cover: a black candle that opens above a long white one's high and closes at least half way down its body. Bearish",
  lookback: 11,
  colors: ['WB'],
  detect: (c) =>
    c.open[0] > c.high[1] &&
    c.close[0] > c.open[1] &&
    c.close[0] < c.close[1] - c.body[1] * 0.5 &&
    c.body[1] > c.usualBody(1)
      ? -100
      : 0,
};
