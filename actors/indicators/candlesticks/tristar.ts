import type { Pattern } from './candles.js';

/** TA-Lib `CDLTRISTAR`. */
export const tristar: Pattern = {
  talib: 'CDLTRISTAR',
  description:
    "Tristar: three dojis, the second gapping away and the third coming back. All are measured against the first one's threshold",
  lookback: 12,
  detect: (c) => {
    const doji = c.dojiBody(2);
    if (!(c.body[2] <= doji && c.body[1] <= doji && c.body[0] <= doji)) return 0;
    const way = c.bodyGap(1, 2);
    if (way === 1) return c.top[0] < c.top[1] ? -100 : 0;
    return way === -1 && c.bottom[0] > c.bottom[1] ? 100 : 0;
  },
};
