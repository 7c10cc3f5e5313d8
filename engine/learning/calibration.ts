import { HORIZONS } from '../../actors/features/labels.js';
import type { Dataset } from './dataset.js';
import type { RowRange } from './split.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;

/** What came of some rows, to calibrate on. */
export interface Held {
  readonly rows: number;
  /** rows × horizons × 3: 1 for the class that came true. */
  readonly classes: Float32Array;
  /** rows × horizons: returns in units of their scale, within ±4. */
  readonly targets: Float32Array;
  /** rows × horizons: 1 where the outcome is known, else 0. */
  readonly known: Float32Array;
}

/** What came of a range of rows. */
export function heldRows(dataset: Dataset, { from, to }: RowRange, returnScale: readonly number[]): Held {
  const rows = Math.max(0, to - from);
  const classes = new Float32Array(rows * CLASSES);
  const targets = new Float32Array(rows * WIDTH);
  const known = new Float32Array(rows * WIDTH);
  for (let i = 0; i < rows * WIDTH; i++) {
    const direction = dataset.directions[from * WIDTH + i]!;
    if (direction !== direction) continue;
    classes[i * 3 + direction + 1] = 1;
    const r = dataset.returns[from * WIDTH + i]! / returnScale[i % WIDTH]!;
    targets[i] = Math.max(-4, Math.min(4, r));
    known[i] = 1;
  }
  return { rows, classes, targets, known };
}

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

/** Mean negative log-likelihood of the known classes, of probabilities (rows × 9) that a model gave. */
export function logLossOf(
  held: Held,
  probabilities: Float32Array,
  { from, to } = { from: 0, to: held.rows },
): number {
  let loss = 0;
  let n = 0;
  for (let i = from * CLASSES; i < to * CLASSES; i++) {
    if (held.classes[i] !== 1) continue;
    loss -= Math.log(Math.max(1e-12, probabilities[i]!));
    n++;
  }
  return n === 0 ? Infinity : loss / n;
}

/** Mean negative log-likelihood of the known classes, of all horizons or of one. */
export function logLoss(held: Held, { logits }: { logits: Float32Array }, horizon?: number): number {
  let loss = 0;
  let n = 0;
  const step = horizon === undefined ? 1 : WIDTH;
  for (let i = horizon ?? 0; i < held.rows * WIDTH; i += step) {
    if (held.known[i] === 0) continue;
    loss -= Math.log(probabilityOf(held, logits, i, 1, undefined));
    n++;
  }
  return n === 0 ? Infinity : loss / n;
}

/** Probability of the class that came true for cell `i` (row × horizon), with logits made less sharp. */
function probabilityOf(
  held: Held,
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

/** The sharpness in 0..`most` that gives the validation rows, but those left out, the best likelihood. */
export function sharpness(
  held: Held,
  logits: Float32Array,
  logPriors: readonly number[],
  horizon: number,
  most: number,
  except: RowRange = { from: 0, to: 0 },
): number {
  let best = 0;
  let bestLoss = Infinity;
  for (let step = 0; step <= Math.round(20 * most); step++) {
    const sharp = step / 20;
    let loss = 0;
    for (let row = 0; row < held.rows; row++) {
      if (row >= except.from && row < except.to) continue;
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
export function returnShrink(held: Held, returns: Float32Array, horizon: number): number {
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
