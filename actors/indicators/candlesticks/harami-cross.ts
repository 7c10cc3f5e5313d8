import type { Pattern } from './candles.js';

/** TA-Lib `CDLHARAMICROSS`. */
export const haramiCross: Pattern = {
  talib: 'CDLHARAMICROSS',
  description: 'Harami cross: a doji within the long body before it; ±80 where an end meets it',
  lookback: 11,
  detect: (c) => {
    if (!(c.body(1) > c.usualBody(1) && c.body(0) <= c.dojiBody(0))) return 0;
    if (c.top(0) < c.top(1) && c.bottom(0) > c.bottom(1)) return -100 * c.color(1);
    return c.top(0) <= c.top(1) && c.bottom(0) >= c.bottom(1) ? -80 * c.color(1) : 0;
  },
};
