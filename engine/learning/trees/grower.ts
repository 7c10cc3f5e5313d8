import type { Binning } from './binning.js';
import { SplitSearch, type SplitRules } from './split-search.js';
import { TreeBuilder, type Tree } from './tree.js';

export interface GrowerRules extends SplitRules {
  readonly maxDepth: number;
  /** Factor of leaf values. */
  readonly rate: number;
}

/** Rows from–to of the grower's order, and the sums of their derivatives. */
interface Node {
  readonly from: number;
  readonly to: number;
  readonly depth: number;
  readonly g: number;
  readonly h: number;
  /** Bounds of its leaf values, which a monotone constraint above it sets. */
  readonly low: number;
  readonly high: number;
}

/**
 * Grows second-order trees on binned rows. The rows of a node lie together in one order, with their derivatives beside
 * them, so that a histogram reads them straight through; of two siblings only the smaller one's histogram is counted,
 * the other is the parent's less it. All memory is taken at the start.
 */
export class Grower {
  readonly #bins: readonly Uint8Array[];
  readonly #binning: Binning;
  readonly #rules: GrowerRules;
  readonly #search: SplitSearch;
  readonly #monotone: Int8Array | undefined;
  /** Numbers a column has in a histogram. */
  readonly #stride: number;
  readonly #hists: Float64Array[];
  readonly #rows: Int32Array;
  readonly #g: Float64Array;
  readonly #h: Float64Array;
  readonly #spareRows: Int32Array;
  readonly #spareG: Float64Array;
  readonly #spareH: Float64Array;
  #columns: Int32Array = new Int32Array(0);
  #tree = new TreeBuilder(1);

  /** `columnsMax` columns are split at most in one tree. */
  constructor(
    binning: Binning,
    bins: readonly Uint8Array[],
    rules: GrowerRules,
    columnsMax: number,
    monotone?: Int8Array,
  ) {
    this.#binning = binning;
    this.#bins = bins;
    this.#rules = rules;
    this.#monotone = monotone;
    this.#search = new SplitSearch(rules, monotone);
    this.#stride = 2 * (2 + binning.cuts.reduce((most, cuts) => Math.max(most, cuts.length), 0));
    this.#hists = Array.from({ length: rules.maxDepth }, () => new Float64Array(columnsMax * this.#stride));
    const rows = bins[0]?.length ?? 0;
    this.#rows = new Int32Array(rows);
    this.#g = new Float64Array(rows);
    this.#h = new Float64Array(rows);
    this.#spareRows = new Int32Array(rows);
    this.#spareG = new Float64Array(rows);
    this.#spareH = new Float64Array(rows);
  }

  /** Grows a tree on `rows` and `columns`; `g` and `h` hold the derivatives of row r at r × `step` + `offset`. */
  grow(
    rows: Int32Array,
    columns: Int32Array,
    g: Float64Array,
    h: Float64Array,
    step: number,
    offset: number,
  ): Tree {
    this.#tree = new TreeBuilder(1);
    this.#columns = columns;
    let sumG = 0;
    let sumH = 0;
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!;
      this.#rows[k] = row;
      sumG += this.#g[k] = g[row * step + offset]!;
      sumH += this.#h[k] = h[row * step + offset]!;
    }
    const root = { from: 0, to: rows.length, depth: 0, g: sumG, h: sumH, low: -Infinity, high: Infinity };
    if (this.#rules.maxDepth > 0) this.#count(root, this.#hists[0]!);
    this.#split(root, 0);
    return this.#tree.build();
  }

  /** Makes a leaf of a node, then a branch where that gains; its histogram is the one numbered `hist`. */
  #split(node: Node, hist: number): number {
    const { from, to, depth, g, h, low, high } = node;
    const search = this.#search;
    const at = this.#tree.leaf(this.#rules.rate * search.valueOf(g, h, low, high));
    if (depth >= this.#rules.maxDepth || to - from < 2) return at;
    search.begin(g, h, low, high);
    const { cuts } = this.#binning;
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i]!;
      search.see(column, this.#hists[hist]!, i * this.#stride, cuts[column]!.length + 1);
    }
    const { column, bin, missingLeft, leftG, leftH } = search;
    if (column < 0) return at;
    const middle = this.#partition(node, column, bin, missingLeft);
    if (middle === from || middle === to) return at;
    this.#tree.branch(at, column, cuts[column]![bin - 1] ?? Infinity, bin, missingLeft);
    const left = { ...node, to: middle, depth: depth + 1, g: leftG, h: leftH };
    const right = { ...node, from: middle, depth: depth + 1, g: g - leftG, h: h - leftH };
    this.#children(at, hist, ...this.#bound(left, right, column));
    return at;
  }

  /** Bounds the children's leaf values at the middle of theirs where the column is constrained. */
  #bound(left: Node, right: Node, column: number): [Node, Node] {
    const sign = this.#monotone?.[column] ?? 0;
    if (sign === 0) return [left, right];
    const { low, high } = left;
    const value = ({ g, h }: Node): number => this.#search.valueOf(g, h, low, high);
    const middle = (value(left) + value(right)) / 2;
    return sign > 0
      ? [
          { ...left, high: middle },
          { ...right, low: middle },
        ]
      : [
          { ...left, low: middle },
          { ...right, high: middle },
        ];
  }

  #children(at: number, hist: number, left: Node, right: Node): void {
    const isLeftSmaller = left.to - left.from <= right.to - right.from;
    const [small, large] = isLeftSmaller ? [left, right] : [right, left];
    let smallAt: number;
    if (left.depth < this.#rules.maxDepth) {
      // The smaller child and its subtree use the histograms below; the larger one keeps its parent's.
      const own = this.#hists[left.depth]!;
      const whole = this.#hists[hist]!;
      this.#count(small, own);
      const used = this.#columns.length * this.#stride;
      for (let i = 0; i < used; i++) whole[i]! -= own[i]!;
      smallAt = this.#split(small, left.depth);
    } else smallAt = this.#split(small, hist);
    const largeAt = this.#split(large, hist);
    this.#tree.children(at, isLeftSmaller ? smallAt : largeAt, isLeftSmaller ? largeAt : smallAt);
  }

  #count({ from, to }: Node, hist: Float64Array): void {
    hist.fill(0, 0, this.#columns.length * this.#stride);
    for (let i = 0; i < this.#columns.length; i++)
      accumulate(
        this.#bins[this.#columns[i]!]!,
        this.#rows,
        this.#g,
        this.#h,
        from,
        to,
        hist,
        i * this.#stride,
      );
  }

  /** Puts the rows that go left before those that go right, each side in its order; returns where the right ones begin. */
  #partition({ from, to }: Node, column: number, bin: number, missingLeft: boolean): number {
    const bins = this.#bins[column]!;
    const rows = this.#rows;
    const g = this.#g;
    const h = this.#h;
    let left = from;
    let right = 0;
    for (let k = from; k < to; k++) {
      const b = bins[rows[k]!]!;
      if (b === 0 ? missingLeft : b <= bin) {
        rows[left] = rows[k]!;
        g[left] = g[k]!;
        h[left++] = h[k]!;
      } else {
        this.#spareRows[right] = rows[k]!;
        this.#spareG[right] = g[k]!;
        this.#spareH[right++] = h[k]!;
      }
    }
    rows.set(this.#spareRows.subarray(0, right), left);
    g.set(this.#spareG.subarray(0, right), left);
    h.set(this.#spareH.subarray(0, right), left);
    return left;
  }
}

/** Adds the derivatives of the rows in places from–to to one column's histogram, which begins at `at`. */
function accumulate(
  bins: Uint8Array,
  rows: Int32Array,
  g: Float64Array,
  h: Float64Array,
  from: number,
  to: number,
  hist: Float64Array,
  at: number,
): void {
  for (let k = from; k < to; k++) {
    const i = at + 2 * bins[rows[k]!]!;
    hist[i]! += g[k]!;
    hist[i + 1]! += h[k]!;
  }
}
