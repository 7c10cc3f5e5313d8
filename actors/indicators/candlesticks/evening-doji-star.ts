import type { Pattern } from './candles.js';
import { star } from './star.js';

/** TA-Lib `CDLEVENINGDOJISTAR`. */
export const eveningDojiStar: Pattern = {
  talib: 'CDLEVENINGDOJISTAR',
  description:
    'Evening doji star: over a long white candle a doji gaps up, and a black one closes 0.3 into the white body. Bearish',
  lookback: 12,
  colors: ['W.B'],
  detect: (c) => star(c, 1, 'dojiBody'),
};
