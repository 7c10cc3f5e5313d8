import { SETTING, type Candles } from './candles.js';

/** Doji: open and close nearly equal. TA-Lib `CDLDOJI`. */
export function doji(c: Candles): number {
  return c.body(0) <= c.average(SETTING.bodyDoji, 0) ? 100 : 0;
}
