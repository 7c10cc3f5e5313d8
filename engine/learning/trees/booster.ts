import { Random } from '../random.js';
import type { Binning } from './binning.js';
import { Grower, type GrowerRules } from './grower.js';
import { leafOf, leafOfBins, type Tree } from './tree.js';

export const CLASSES = 3;

export interface BoosterRules extends GrowerRules {
  readonly rounds: number;
  /** Rounds without a better validation log-loss after which it stops. */
  readonly patience: number;
  /** Share of the rows that each round is grown on. */
  readonly rowShare: number;
  /** Share of the columns that each round may split. */
  readonly columnShare: number;
  /** −1, 0 or +1 for each column: whether every class's logit may only fall or rise with it. */
  readonly monotone?: Int8Array;
}

/** Binned rows with their classes: 0, 1, 2, and negative where it is not known. */
export interface ClassedRows {
  readonly bins: readonly Uint8Array[];
  readonly classes: Int8Array;
}

export interface BoosterOptions {
  readonly seed: number;
  /** Called before every round; one that throws ends the training. */
  readonly beforeStep?: (() => void) | undefined;
}

/** Trees whose sum, beside a base, is the logit of each class. */
export interface Booster {
  /** Logits before the first tree. */
  readonly base: readonly number[];
  /** Rounds, each with a tree for every class. */
  readonly rounds: readonly (readonly Tree[])[];
}

/**
 * Boosts trees on the softmax loss: each round grows a tree for every class on first derivatives p − y and second
 * derivatives 2p(1 − p) (XGBoost's), and the rounds up to the best validation log-loss are kept, all of them without
 * validation rows. `base` are the logits to begin with.
 */
export function boost(
  binning: Binning,
  train: ClassedRows,
  validation: ClassedRows | undefined,
  base: readonly number[],
  rules: BoosterRules,
  { seed, beforeStep }: BoosterOptions,
): Booster {
  const random = new Random(seed);
  const known = knownRows(train.classes);
  const logits = startLogits(train.classes.length, base);
  const g = new Float64Array(logits.length);
  const h = new Float64Array(logits.length);
  const columns = binning.cuts.flatMap((cuts, column) => (cuts.length > 0 ? [column] : []));
  const columnsOfRound = Math.max(1, Math.round(columns.length * rules.columnShare));
  const grower = new Grower(binning, train.bins, rules, columnsOfRound, rules.monotone);
  const rounds: Tree[][] = [];
  const stopping = new EarlyStopping(validation, base, rules.patience);
  while (rounds.length < rules.rounds && !stopping.isDue && columns.length > 0) {
    beforeStep?.();
    derive(train.classes, logits, g, h);
    const rows = sampled(known, rules.rowShare, random);
    const chosen = random.sample(columns, columnsOfRound);
    const trees = Array.from({ length: CLASSES }, (_, c) => grower.grow(rows, chosen, g, h, CLASSES, c));
    rounds.push(trees);
    trees.forEach((tree, c) => addTo(logits, tree, train.bins, c));
    stopping.see(trees);
  }
  return { base, rounds: rounds.slice(0, stopping.best) };
}

/** Watches the validation log-loss, round by round. */
class EarlyStopping {
  /** Rounds up to the best; all that were seen, without validation rows. */
  best = 0;
  readonly #rows: ClassedRows | undefined;
  readonly #logits: Float64Array;
  readonly #patience: number;
  #loss: number;
  #seen = 0;

  constructor(rows: ClassedRows | undefined, base: readonly number[], patience: number) {
    this.#rows = rows;
    this.#patience = patience;
    this.#logits = startLogits(rows?.classes.length ?? 0, base);
    this.#loss = rows === undefined ? Infinity : meanLogLoss(rows.classes, this.#logits);
  }

  /** Whether it has not become better for as long as patience lasts. */
  get isDue(): boolean {
    return this.#seen - this.best >= this.#patience;
  }

  see(trees: readonly Tree[]): void {
    this.#seen++;
    const rows = this.#rows;
    if (rows !== undefined) {
      trees.forEach((tree, c) => addTo(this.#logits, tree, rows.bins, c));
      const loss = meanLogLoss(rows.classes, this.#logits);
      if (loss >= this.#loss) return;
      this.#loss = loss;
    }
    this.best = this.#seen;
  }
}

/** Logits of a row of features, which begins at `at`. */
export function logitsOf({ base, rounds }: Booster, features: Float32Array, at: number): number[] {
  const logits = [...base];
  for (const trees of rounds)
    trees.forEach((tree, c) => (logits[c]! += tree.values[leafOf(tree, features, at)]!));
  return logits;
}

function knownRows(classes: Int8Array): Int32Array {
  const known = new Int32Array(classes.length);
  let n = 0;
  for (let row = 0; row < classes.length; row++) if (classes[row]! >= 0) known[n++] = row;
  return known.subarray(0, n);
}

function sampled(rows: Int32Array, share: number, random: Random): Int32Array {
  if (share >= 1) return rows;
  const taken = new Int32Array(rows.length);
  let n = 0;
  for (let i = 0; i < rows.length; i++) if (random.next() < share) taken[n++] = rows[i]!;
  return taken.subarray(0, n);
}

function startLogits(rows: number, base: readonly number[]): Float64Array {
  return Float64Array.from({ length: rows * CLASSES }, (_, i) => base[i % CLASSES]!);
}

function addTo(logits: Float64Array, tree: Tree, bins: readonly Uint8Array[], offset: number): void {
  const rows = logits.length / CLASSES;
  for (let row = 0; row < rows; row++)
    logits[row * CLASSES + offset]! += tree.values[leafOfBins(tree, bins, row)]!;
}

/** First and second derivatives of the loss by each logit. */
function derive(classes: Int8Array, logits: Float64Array, g: Float64Array, h: Float64Array): void {
  for (let row = 0; row < classes.length; row++) {
    const actual = classes[row]!;
    if (actual < 0) continue;
    const at = row * CLASSES;
    const most = Math.max(logits[at]!, logits[at + 1]!, logits[at + 2]!);
    const a = Math.exp(logits[at]! - most);
    const b = Math.exp(logits[at + 1]! - most);
    const c = Math.exp(logits[at + 2]! - most);
    const total = a + b + c;
    for (let k = 0; k < CLASSES; k++) {
      const p = (k === 0 ? a : k === 1 ? b : c) / total;
      g[at + k] = p - (k === actual ? 1 : 0);
      h[at + k] = Math.max(2 * p * (1 - p), 1e-16);
    }
  }
}

function meanLogLoss(classes: Int8Array, logits: Float64Array): number {
  let loss = 0;
  let n = 0;
  for (let row = 0; row < classes.length; row++) {
    const actual = classes[row]!;
    if (actual < 0) continue;
    const at = row * CLASSES;
    const most = Math.max(logits[at]!, logits[at + 1]!, logits[at + 2]!);
    const total =
      Math.exp(logits[at]! - most) + Math.exp(logits[at + 1]! - most) + Math.exp(logits[at + 2]! - most);
    loss += Math.log(total) + most - logits[at + actual]!;
    n++;
  }
  return n === 0 ? 0 : loss / n;
}
