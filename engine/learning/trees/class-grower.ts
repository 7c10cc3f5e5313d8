import type { Random } from '../random.js';
import type { Binning } from './binning.js';
import { TreeBuilder, type Tree } from './tree.js';

export interface ClassGrowerRules {
  readonly maxDepth: number;
  /** Rows on each side of a split at least. */
  readonly leafRows: number;
  /** Share of the columns that each branch chooses among. */
  readonly columnShare: number;
}

const CLASSES = 3;
/** Numbers a bin has in a histogram: the classes' counts, and one to make it four, so that shifts reach them. */
const STEP = 4;
/** A gain below this is rounding. */
const GAIN_MIN = 1e-9;

/** Grows trees that tell three classes apart: each branch lowers the Gini impurity of its rows the most. */
export class ClassGrower {
  readonly #binning: Binning;
  readonly #bins: readonly Uint8Array[];
  readonly #classes: Int8Array;
  readonly #rules: ClassGrowerRules;
  readonly #random: Random;
  /** Columns that can be split. */
  readonly #columns: readonly number[];
  readonly #hist: Int32Array;
  readonly #spare: Int32Array;
  /** Row × 4 + its class: one load instead of two in the loop that counts. */
  #rows: Int32Array = new Int32Array(0);
  #tree = new TreeBuilder(CLASSES);
  #best = { gain: 0, column: -1, bin: 0, missingLeft: false };

  constructor(
    binning: Binning,
    bins: readonly Uint8Array[],
    classes: Int8Array,
    rules: ClassGrowerRules,
    random: Random,
  ) {
    this.#binning = binning;
    this.#bins = bins;
    this.#classes = classes;
    this.#rules = rules;
    this.#random = random;
    this.#columns = binning.cuts.flatMap((cuts, column) => (cuts.length > 0 ? [column] : []));
    const binsMost = 2 + binning.cuts.reduce((most, cuts) => Math.max(most, cuts.length), 0);
    this.#hist = new Int32Array(binsMost * STEP);
    this.#spare = new Int32Array(classes.length);
  }

  /** Grows a tree on rows, which may repeat. */
  grow(rows: Int32Array): Tree {
    this.#rows = rows.map((row) => row * STEP + this.#classes[row]!);
    this.#tree = new TreeBuilder(CLASSES);
    this.#split(0, rows.length, 0);
    return this.#tree.build();
  }

  #split(from: number, to: number, depth: number): number {
    const counts = [0, 0, 0];
    for (let k = from; k < to; k++) counts[this.#rows[k]! % STEP]!++;
    const at = this.#tree.leaf(...counts.map((count) => count / (to - from)));
    const { maxDepth, leafRows, columnShare } = this.#rules;
    if (depth >= maxDepth || to - from < 2 * leafRows || Math.max(...counts) === to - from) return at;
    this.#best = { gain: GAIN_MIN, column: -1, bin: 0, missingLeft: false };
    const tried = Math.max(1, Math.round(this.#columns.length * columnShare));
    for (const column of this.#random.sample(this.#columns, tried)) this.#see(column, from, to, counts);
    const { column, bin, missingLeft } = this.#best;
    if (column < 0) return at;
    const middle = this.#partition(from, to);
    this.#tree.branch(at, column, this.#binning.cuts[column]![bin - 1] ?? Infinity, bin, missingLeft);
    const left = this.#split(from, middle, depth + 1);
    this.#tree.children(at, left, this.#split(middle, to, depth + 1));
    return at;
  }

  /** Looks for the best split of the rows in places from–to by one column. */
  #see(column: number, from: number, to: number, counts: readonly number[]): void {
    const bins = this.#binning.cuts[column]!.length + 1;
    const hist = this.#hist.fill(0, 0, (bins + 1) * STEP);
    countClasses(this.#bins[column]!, this.#rows, from, to, hist);
    const missing = hist[0]! + hist[1]! + hist[2]!;
    this.#scan(column, missing > 0 ? bins : bins - 1, counts, to - from, false);
    if (missing > 0) this.#scan(column, bins - 1, counts, to - from, true);
  }

  #scan(column: number, last: number, counts: readonly number[], n: number, missingLeft: boolean): void {
    const hist = this.#hist;
    const { leafRows } = this.#rules;
    const [n0 = 0, n1 = 0, n2 = 0] = counts;
    const own = (n0 * n0 + n1 * n1 + n2 * n2) / n;
    let l0 = missingLeft ? hist[0]! : 0;
    let l1 = missingLeft ? hist[1]! : 0;
    let l2 = missingLeft ? hist[2]! : 0;
    const hasMissing = hist[0]! + hist[1]! + hist[2]! > 0;
    for (let bin = 1; bin <= last; bin++) {
      l0 += hist[bin * STEP]!;
      l1 += hist[bin * STEP + 1]!;
      l2 += hist[bin * STEP + 2]!;
      const left = l0 + l1 + l2;
      if (left < leafRows) continue;
      const right = n - left;
      if (right < leafRows) return;
      const [r0, r1, r2] = [n0 - l0, n1 - l1, n2 - l2];
      const gain = (l0 * l0 + l1 * l1 + l2 * l2) / left + (r0 * r0 + r1 * r1 + r2 * r2) / right - own;
      if (gain > this.#best.gain)
        this.#best = { gain, column, bin, missingLeft: hasMissing ? missingLeft : left >= right };
    }
  }

  /** Puts the rows that go left before those that go right; returns where the right ones begin. */
  #partition(from: number, to: number): number {
    const { column, bin, missingLeft } = this.#best;
    const bins = this.#bins[column]!;
    const rows = this.#rows;
    let left = from;
    let right = 0;
    for (let k = from; k < to; k++) {
      const row = rows[k]!;
      const b = bins[row >> 2]!;
      if (b === 0 ? missingLeft : b <= bin) rows[left++] = row;
      else this.#spare[right++] = row;
    }
    rows.set(this.#spare.subarray(0, right), left);
    return left;
  }
}

/** Counts the classes of the rows in places from–to by bin. */
function countClasses(bins: Uint8Array, rows: Int32Array, from: number, to: number, hist: Int32Array): void {
  for (let k = from; k < to; k++) {
    const row = rows[k]!;
    hist[(bins[row >> 2]! << 2) + (row & 3)]!++;
  }
}
