import type { History } from './history.js';

/** 100 · (close / close `bars` ago − 1); NaN before there is one. Unit: percent. Source: TA-Lib `ROC`. */
export function rateOfChange(s: Float64Array, history: History, bars: number): number {
  if (history.bars <= bars) return NaN;
  return (history.close(s, 0) / history.close(s, bars) - 1) * 100;
}
