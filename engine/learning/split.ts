import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import type { Dataset } from './dataset.js';

/** Rows `from` ≤ row < `to`. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

export interface Fold {
  readonly train: RowRange;
  readonly validation: RowRange;
  readonly test: RowRange;
}

const LONGEST_MS = HORIZON_MS[HORIZONS.length - 1]!;

/** First row at or after `from` that closes more than the longest horizon after row `last`. */
function afterEmbargo(dataset: Dataset, last: number, from: number): number {
  if (last < 0) return from;
  const time = dataset.closeTimes[last]! + LONGEST_MS;
  let row = from;
  while (row < dataset.rows && dataset.closeTimes[row]! <= time) row++;
  return row;
}

/** Rows before `before` whose every label was known when row `before` closed: the purge. */
function purgedBefore(dataset: Dataset, before: number): number {
  const width = HORIZONS.length;
  const time = dataset.closeTimes[before] ?? Infinity;
  let to = Math.min(before, dataset.rows);
  while (to > 0 && !(dataset.resolvedAt[(to - 1) * width + width - 1]! < time)) to--;
  return to;
}

/** Training rows and the validation rows after them, `share` of the rows before `end`, purged and embargoed. */
export function holdOut(dataset: Dataset, end: number, share: number): Omit<Fold, 'test'> {
  const last = purgedBefore(dataset, end);
  const boundary = Math.floor(last * (1 - share));
  const trainTo = purgedBefore(dataset, boundary);
  return {
    train: { from: 0, to: trainTo },
    validation: { from: afterEmbargo(dataset, trainTo - 1, boundary), to: last },
  };
}

/**
 * Walk-forward folds over the last `share` of the rows: each is tested on its own stretch and trained only on
 * what came before it. A training row counts only when its labels were known before the first row after it
 * (purge), and that row comes a whole longest horizon later (embargo). Source: López de Prado 2018, ch. 7.
 */
export function walkForwardFolds(dataset: Dataset, folds: number, share: number): Fold[] {
  const start = Math.floor(dataset.rows * (1 - share));
  const length = Math.floor((dataset.rows - start) / folds);
  return Array.from({ length: folds }, (_, i) => {
    const from = start + i * length;
    const to = i === folds - 1 ? dataset.rows : from + length;
    const { train, validation } = holdOut(dataset, from, 0.2);
    return { train, validation, test: { from: afterEmbargo(dataset, validation.to - 1, from), to } };
  });
}
