import { FIELD, type History } from './history.js';

/** 100 · (close / close `bars` ago − 1); NaN before there is one. Unit: percent. Source: TA-Lib `ROC`. */
export function rateOfChange(s: Float64Array, history: History, bars: number): number {
  if (history.count(s) <= bars) return NaN;
  return (history.value(s, FIELD.close, 0) / history.value(s, FIELD.close, bars) - 1) * 100;
}
