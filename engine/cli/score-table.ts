import type { HorizonScore } from '../learning/evaluation.js';
import { formatTable, percent } from './table.js';

/** Scores as a table, a line a horizon; `samples` is the heading over their number. */
export function scoreTable(samples: string, scores: readonly HorizonScore[]): string {
  const head = [
    'horizon',
    samples,
    'accuracy',
    '95 % interval',
    'majority',
    'last direction',
    'z',
    'up or down',
    'z',
  ];
  const rows = scores.map((score) => [
    score.horizon,
    String(score.samples),
    percent(score.accuracy),
    `${percent(score.interval[0])} to ${percent(score.interval[1])}`,
    percent(score.baselines.majority),
    percent(score.baselines.lastDirection),
    score.z.toFixed(1),
    percent(score.directional.accuracy),
    score.directional.z.toFixed(1),
  ]);
  return formatTable(head, rows);
}
