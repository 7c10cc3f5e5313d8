import type { Pattern } from './candles.js';
import { haramiOf } from './harami.js';

/** TA-Lib `CDLHARAMICROSS`. */
export const haramiCross: Pattern = {
  talib: 'CDLHARAMICROSS',
  description: 'Harami cross: a doji within the long body before it; ±80 where an end meets it',
  lookback: 11,
  detect: (c) => haramiOf(c, 'dojiBody'),
};
