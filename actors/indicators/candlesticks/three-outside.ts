import type { Pattern } from './candles.js';

/** TA-Lib `CDL3OUTSIDE`. */
export const threeOutside: Pattern = {
  talib: 'CDL3OUTSIDE',
  description:
    'Three outside up and down: a body that engulfs the opposite one before it, and a close further on',
  lookback: 3,
  colors: ['WB.', 'BW.'],
  detect: (c) => {
    const way = c.color[1];
    return way * c.close[1] > way * c.open[2] &&
      way * c.open[1] < way * c.close[2] &&
      way * c.close[0] > way * c.close[1]
      ? 100 * way
      : 0;
  },
};
