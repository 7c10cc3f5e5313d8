import type { Pattern } from './candles.js';
import { kicking } from './kicking.js';

/** TA-Lib `CDLKICKINGBYLENGTH`. */
export const kickingByLength: Pattern = {
  talib: 'CDLKICKINGBYLENGTH',
  description: 'Kicking by length: kicking with the sign of the longer marubozu',
  lookback: kicking.lookback,
  colors: kicking.colors!,
  detect: (c) => (kicking.detect(c) === 0 ? 0 : 100 * (c.body[0] > c.body[1] ? c.color[0] : c.color[1])),
};
