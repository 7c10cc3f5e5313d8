import type { Candles, Pattern } from './candles.js';

/** A body no longer than `limit` within the long one before it; ±80 where an end meets it. */
export function haramiOf(c: Candles, limit: 'usualBody' | 'dojiBody'): number {
  if (!(c.body[1] > c.usualBody(1) && c.body[0] <= c[limit](0))) return 0;
  if (c.top[0] < c.top[1] && c.bottom[0] > c.bottom[1]) return -100 * c.color[1];
  return c.top[0] <= c.top[1] && c.bottom[0] >= c.bottom[1] ? -80 * c.color[1] : 0;
}

/** TA-Lib `CDLHARAMI`. */
export const harami: Pattern = {
  talib: 'CDLHARAMI',
  description: 'Harami: a short body within the long one before it; ±80 where an end meets it',
  lookback: 11,
  detect: (c) => haramiOf(c, 'usualBody'),
};
