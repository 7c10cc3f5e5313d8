import type { Pattern } from './candles.js';
import { star } from './star.js';

/** TA-Lib `CDLEVENINGSTAR`. */
export const eveningStar: Pattern = {
  talib: 'CDLEVENINGSTAR',
  description:
    'Evening star: over a long white candle a short one gaps up, and a black one closes 0.3 into the white body. Bearish',
  lookback: 12,
  colors: ['W.B'],
  detect: (c) => star(c, 1, 'usualBody'),
};
