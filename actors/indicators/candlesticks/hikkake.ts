import type { Candles, Pattern } from './candles.js';

/** Bars a hikkake waits for its confirmation. */
const PATIENCE = 3;

/** +1 where a bullish setup (inside bar, then a lower high and low) ended `ago`, −1 a bearish one, else 0. */
function setup(c: Candles, ago: number): 1 | -1 | 0 {
  if (!(c.high[ago + 1]! < c.high[ago + 2]! && c.low[ago + 1]! > c.low[ago + 2]!)) return 0;
  if (c.high[ago]! < c.high[ago + 1]! && c.low[ago]! < c.low[ago + 1]!) return 1;
  return c.high[ago]! > c.high[ago + 1]! && c.low[ago]! > c.low[ago + 1]! ? -1 : 0;
}

/**
 * What a setup says on its own bar (±100) and on the bar that confirms it (±200) by closing beyond the inside
 * bar, up to three bars later; a confirmed setup is spent, and a newer one takes the place of an older.
 */
export function hikkakeOf(c: Candles, found: (c: Candles, ago: number) => 1 | -1 | 0): number {
  const now = found(c, 0);
  if (now !== 0) return 100 * now;
  for (let age = 1; age <= PATIENCE; age++) {
    const way = found(c, age);
    if (way === 0) continue;
    const trigger = way === 1 ? c.high[age + 1]! : c.low[age + 1]!;
    for (let ago = age - 1; ago > 0; ago--) if (way * c.close[ago]! > way * trigger) return 0;
    return way * c.close[0] > way * trigger ? 200 * way : 0;
  }
  return 0;
}

/** TA-Lib `CDLHIKKAKE`. */
export const hikkake: Pattern = {
  talib: 'CDLHIKKAKE',
  description: 'Hikkake: an inside bar whose breakout fails, then its confirmation',
  lookback: 5,
  detect: (c) => hikkakeOf(c, setup),
};
