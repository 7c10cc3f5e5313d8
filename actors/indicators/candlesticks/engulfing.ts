import type { Pattern } from './candles.js';

/** TA-Lib `CDLENGULFING`. */
export const engulfing: Pattern = {
  talib: 'CDLENGULFING',
  description: 'Engulfing: a body that covers the opposite one before it; ±80 where one end only meets it',
  lookback: 2,
  colors: ['WB', 'BW'],
  detect: (c) => {
    const way = c.color[0];
    const covers =
      (way * c.close[0] >= way * c.open[1] && way * c.open[0] < way * c.close[1]) ||
      (way * c.close[0] > way * c.open[1] && way * c.open[0] <= way * c.close[1]);
    if (!covers) return 0;
    return way * (c.open[0] !== c.close[1] && c.close[0] !== c.open[1] ? 100 : 80);
  },
};
