import { HORIZONS } from '../../actors/features/labels.js';
import type { Held } from './calibration.js';
import type { Dataset } from './dataset.js';
import type { RowRange } from './split.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;

/** By horizon, the share of some rows' outcomes that have no time in common: those that overlap say the same again. */
export function sharesApart(dataset: Dataset, { from, to }: RowRange): number[] {
  return HORIZONS.map((_, horizon) => {
    let known = 0;
    let apart = 0;
    let until = -Infinity;
    for (let row = from; row < to; row++) {
      const resolved = dataset.resolvedAt[row * WIDTH + horizon]!;
      if (resolved !== resolved) continue;
      known++;
      if (dataset.closeTimes[row]! < until) continue;
      apart++;
      until = resolved;
    }
    return known === 0 ? 0 : apart / known;
  });
}

/**
 * Which models held-out rows cannot tell from the best: those whose log-likelihood is less than one standard error of its paired
 * difference below. Each horizon counts as many rows as have no time in common (`sharesApart`). `models` are probabilities, rows × 9.
 * Source: the rule of one standard error, Breiman et al. 1984.
 */
export function alikeTheBest(
  models: readonly Float32Array[],
  held: Held,
  shares: readonly number[],
): boolean[] {
  const cells = Array.from({ length: held.rows * CLASSES }, (_, i) => i).filter((i) => held.classes[i] === 1);
  const horizonOf = (cell: number): number => Math.floor((cell % CLASSES) / 3);
  const logs = models.map((p) => cells.map((i) => Math.log(Math.max(1e-12, p[i]!))));
  const totals = logs.map((own) => own.reduce((sum, log, k) => sum + log * shares[horizonOf(cells[k]!)]!, 0));
  const best = logs[totals.indexOf(Math.max(...totals))]!;
  return logs.map((own) => {
    const sums = HORIZONS.map(() => ({ n: 0, lead: 0, squares: 0 }));
    cells.forEach((cell, k) => {
      const sum = sums[horizonOf(cell)]!;
      const lead = best[k]! - own[k]!;
      sum.n++;
      sum.lead += lead;
      sum.squares += lead * lead;
    });
    let lead = 0;
    let variance = 0;
    sums.forEach((sum, h) => {
      if (sum.n === 0) return;
      lead += shares[h]! * sum.lead;
      variance += shares[h]! * (sum.squares - sum.lead ** 2 / sum.n);
    });
    return lead <= Math.sqrt(Math.max(0, variance));
  });
}
