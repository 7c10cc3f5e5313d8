/**
 * A decision tree as arrays over its nodes; node 0 is the root. A row goes left at a node when its `feature` is at most
 * the `threshold`, and where `missingLeft` says so when it is NaN. A node whose feature is negative is a leaf.
 */
export interface Tree {
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  /** The last bin that goes left, as {@link Binning} counts them. */
  readonly bin: Uint8Array;
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Numbers a leaf answers with. */
  readonly width: number;
  /** nodes × width. */
  readonly values: Float32Array;
}

/** A tree under construction. */
export class TreeBuilder {
  readonly #feature: number[] = [];
  readonly #threshold: number[] = [];
  readonly #bin: number[] = [];
  readonly #missingLeft: number[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #values: number[] = [];
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  /** Adds a leaf that answers `values`; returns its node. */
  leaf(...values: readonly number[]): number {
    this.#values.push(...values);
    this.#feature.push(-1);
    this.#threshold.push(0);
    this.#bin.push(0);
    this.#missingLeft.push(0);
    this.#left.push(-1);
    this.#right.push(-1);
    return this.#feature.length - 1;
  }

  /** Makes a leaf a branch; its children are set by {@link children}. */
  branch(node: number, feature: number, threshold: number, bin: number, missingLeft: boolean): void {
    this.#feature[node] = feature;
    this.#threshold[node] = threshold;
    this.#bin[node] = bin;
    this.#missingLeft[node] = Number(missingLeft);
  }

  children(node: number, left: number, right: number): void {
    this.#left[node] = left;
    this.#right[node] = right;
  }

  build(): Tree {
    return {
      feature: Int32Array.from(this.#feature),
      threshold: Float32Array.from(this.#threshold),
      bin: Uint8Array.from(this.#bin),
      missingLeft: Uint8Array.from(this.#missingLeft),
      left: Int32Array.from(this.#left),
      right: Int32Array.from(this.#right),
      width: this.#width,
      values: Float32Array.from(this.#values),
    };
  }
}

/** The leaf that a row of features reaches; the row begins at `at`. */
export function leafOf(tree: Tree, features: Float32Array, at: number): number {
  const { feature, threshold, missingLeft, left, right } = tree;
  let node = 0;
  while (feature[node]! >= 0) {
    const x = features[at + feature[node]!]!;
    const goesLeft = x !== x ? missingLeft[node] === 1 : x <= threshold[node]!;
    node = goesLeft ? left[node]! : right[node]!;
  }
  return node;
}

/** The leaf that a binned row reaches. */
export function leafOfBins(tree: Tree, bins: readonly Uint8Array[], row: number): number {
  const { feature, bin, missingLeft, left, right } = tree;
  let node = 0;
  while (feature[node]! >= 0) {
    const b = bins[feature[node]!]![row]!;
    const goesLeft = b === 0 ? missingLeft[node] === 1 : b <= bin[node]!;
    node = goesLeft ? left[node]! : right[node]!;
  }
  return node;
}
