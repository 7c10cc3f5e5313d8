import type { Candles, Pattern } from './candles.js';
import { hikkakeOf } from './hikkake.js';

/** TA-Lib looks for setups from this bar on. */
const FIRST_SETUP = 7;

/** As hikkake's setup, with a second inside bar, the first closing near its low (bullish) or high (bearish). */
function setup(c: Candles, ago: number): 1 | -1 | 0 {
  if (c.bars - 1 - ago < FIRST_SETUP) return 0;
  if (!(c.high[ago + 2]! < c.high[ago + 3]! && c.low[ago + 2]! > c.low[ago + 3]!)) return 0;
  if (!(c.high[ago + 1]! < c.high[ago + 2]! && c.low[ago + 1]! > c.low[ago + 2]!)) return 0;
  const near = c.near(ago + 2, 0);
  if (
    c.high[ago]! < c.high[ago + 1]! &&
    c.low[ago]! < c.low[ago + 1]! &&
    c.close[ago + 2]! <= c.low[ago + 2]! + near
  )
    return 1;
  return c.high[ago]! > c.high[ago + 1]! &&
    c.low[ago]! > c.low[ago + 1]! &&
    c.close[ago + 2]! >= c.high[ago + 2]! - near
    ? -1
    : 0;
}

/** TA-Lib `CDLHIKKAKEMOD`. */
export const modifiedHikkake: Pattern = {
  talib: 'CDLHIKKAKEMOD',
  description: 'Modified hikkake: two inside bars, a breakout that fails, then its confirmation',
  lookback: 10,
  detect: (c) => hikkakeOf(c, setup),
};
