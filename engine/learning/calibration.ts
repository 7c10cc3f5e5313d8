import { HORIZONS } from '../../actors/features/labels.js';
import type { Batches } from './batches.js';
import type { Dataset } from './dataset.js';
import type { RowRange } from './split.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;

/** Log base rate of each class of each horizon, one observation added to each. */
export function priors(dataset: Dataset, { from, to }: RowRange): number[] {
  const counts = new Float64Array(CLASSES).fill(1);
  for (let row = from; row < to; row++) {
    for (let horizon = 0; horizon < WIDTH; horizon++) {
      const direction = dataset.directions[row * WIDTH + horizon]!;
      if (direction === direction) counts[horizon * 3 + direction + 1]!++;
    }
  }
  return Array.from(counts, (count, i) => {
    const first = Math.floor(i / 3) * 3;
    return Math.log(count / (counts[first]! + counts[first + 1]! + counts[first + 2]!));
  });
}

/** Mean negative log-likelihood of the known classes. */
export function logLoss(held: Batches, { logits }: { logits: Float32Array }): number {
  let loss = 0;
  let n = 0;
  for (let i = 0; i < held.rows * WIDTH; i++) {
    if (held.known[i] === 0) continue;
    loss -= Math.log(probabilityOf(held, logits, i, 1, undefined));
    n++;
  }
  return n === 0 ? Infinity : loss / n;
}

/** Probability of the class that came true for cell `i` (row × horizon), with logits made less sharp. */
function probabilityOf(
  held: Batches,
  logits: Float32Array,
  i: number,
  sharp: number,
  logPriors: readonly number[] | undefined,
): number {
  const first = i * 3;
  const horizon = i % WIDTH;
  let total = 0;
  let actual = 0;
  for (let c = 0; c < 3; c++) {
    const prior = logPriors === undefined ? 0 : logPriors[horizon * 3 + c]! * (1 - sharp);
    const e = Math.exp(Math.max(-30, Math.min(30, logits[first + c]! * sharp + prior)));
    total += e;
    if (held.classes[first + c] === 1) actual = e;
  }
  return Math.max(1e-12, actual / total);
}

/** The sharpness in 0..1.2 that gives the validation rows the best likelihood. */
export function sharpness(
  held: Batches,
  logits: Float32Array,
  logPriors: readonly number[],
  horizon: number,
): number {
  let best = 0;
  let bestLoss = Infinity;
  for (let step = 0; step <= 24; step++) {
    const sharp = step / 20;
    let loss = 0;
    for (let row = 0; row < held.rows; row++) {
      const i = row * WIDTH + horizon;
      if (held.known[i] === 1) loss -= Math.log(probabilityOf(held, logits, i, sharp, logPriors));
    }
    if (loss < bestLoss) {
      bestLoss = loss;
      best = sharp;
    }
  }
  return best;
}

/** Least-squares factor in 0..1 by which predicted returns are shrunk. */
export function returnShrink(held: Batches, returns: Float32Array, horizon: number): number {
  let product = 0;
  let squares = 0;
  for (let row = 0; row < held.rows; row++) {
    const i = row * WIDTH + horizon;
    if (held.known[i] === 0) continue;
    product += returns[i]! * held.targets[i]!;
    squares += returns[i]! * returns[i]!;
  }
  return squares === 0 ? 0 : Math.max(0, Math.min(1, product / squares));
}
