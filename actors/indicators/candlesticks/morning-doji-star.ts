import type { Pattern } from './candles.js';
import { star } from './star.js';

/** TA-Lib `CDLMORNINGDOJISTAR`. */
export const morningDojiStar: Pattern = {
  talib: 'CDLMORNINGDOJISTAR',
  description:
    'Morning doji star: under a long black candle a doji gaps down, and a white one closes 0.3 into the black body. Bullish',
  lookback: 12,
  colors: ['B.W'],
  detect: (c) => star(c, -1, 'dojiBody'),
};
