import type { Candles } from './candles.js';

/** Engulfing: a body that covers the opposite one before it; ±80 when one end only meets it. TA-Lib `CDLENGULFING`. */
export function engulfing(c: Candles): number {
  const bullish =
    c.color(0) === 1 &&
    c.color(1) === -1 &&
    ((c.close(0) >= c.open(1) && c.open(0) < c.close(1)) ||
      (c.close(0) > c.open(1) && c.open(0) <= c.close(1)));
  const bearish =
    c.color(0) === -1 &&
    c.color(1) === 1 &&
    ((c.open(0) >= c.close(1) && c.close(0) < c.open(1)) ||
      (c.open(0) > c.close(1) && c.close(0) <= c.open(1)));
  if (!bullish && !bearish) return 0;
  return c.color(0) * (c.open(0) !== c.close(1) && c.close(0) !== c.open(1) ? 100 : 80);
}
