import type { Pattern } from './candles.js';

/** TA-Lib `CDLGAPSIDESIDEWHITE`. */
export const gapSideBySideWhite: Pattern = {
  talib: 'CDLGAPSIDESIDEWHITE',
  description:
    'Side-by-side white lines: two white candles alike in size and open, both gapping away from the one before. The sign is that of the gap',
  lookback: 7,
  colors: ['WW'],
  detect: (c) => {
    const way = c.bodyGap(1, 2);
    return way !== 0 &&
      c.bodyGap(0, 2) === way &&
      c.body[0] >= c.body[1] - c.near(1) &&
      c.body[0] <= c.body[1] + c.near(1) &&
      c.open[0] >= c.open[1] - c.equal(1) &&
      c.open[0] <= c.open[1] + c.equal(1)
      ? 100 * way
      : 0;
  },
};
