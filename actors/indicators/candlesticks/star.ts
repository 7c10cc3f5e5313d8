import type { Candles } from './candles.js';

/** How far the third candle of a star must close into the first one's body. */
const PENETRATION = 0.3;

/**
 * A long candle of colour `way`, one whose body is no longer than `limit` gapping on, and an opposite one that
 * closes well into the first: −100 for an evening star (`way` +1), +100 for a morning star, 0 for none.
 */
export function star(c: Candles, way: 1 | -1, limit: 'usualBody' | 'dojiBody'): number {
  return c.bodyGap(1, 2) === way &&
    way * c.close[0] < way * c.close[2] - c.body[2] * PENETRATION &&
    c.body[2] > c.usualBody(2) &&
    c.body[1] <= c[limit](1) &&
    c.body[0] > c.usualBody(0)
    ? -100 * way
    : 0;
}
