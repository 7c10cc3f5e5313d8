import type { Pattern } from './candles.js';
import { star } from './star.js';

/** TA-Lib `CDLMORNINGSTAR`. */
export const morningStar: Pattern = {
  talib: 'CDLMORNINGSTAR',
  description:
    'Morning star: under a long black candle a short one gaps down, and a white one closes 0.3 into the black body. Bullish',
  lookback: 12,
  colors: ['B.W'],
  detect: (c) => star(c, -1, 'usualBody'),
};
