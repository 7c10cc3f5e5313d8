import type { RowRange } from '../split.js';

/** Bins of a column at most, besides the one for missing values: a bin's number is one byte. */
const BINS_MAX = 255;

/**
 * Sorts each column's values into bins of about equal numbers of rows. Bin 0 holds what is missing (NaN); bin b ≥ 1 holds
 * the values above cut b − 2 and up to cut b − 1, the last one all that are above the last cut.
 */
export class Binning {
  /** Of each column, ascending. */
  readonly cuts: readonly Float32Array[];
  readonly #columns: number;

  private constructor(cuts: readonly Float32Array[]) {
    this.cuts = cuts;
    this.#columns = cuts.length;
  }

  /** Finds the cuts of `columns` columns over some rows of row-major features, for `binsMax` bins at most. */
  static of(features: Float32Array, columns: number, { from, to }: RowRange, binsMax: number): Binning {
    const values = new Float32Array(Math.max(0, to - from));
    return new Binning(
      Array.from({ length: columns }, (_, column) => {
        let known = 0;
        for (let row = from; row < to; row++) {
          const x = features[row * columns + column]!;
          if (x === x) values[known++] = x;
        }
        return cutsOf(values.subarray(0, known).sort(), Math.min(binsMax, BINS_MAX));
      }),
    );
  }

  /** Bins of some rows: one array a column. */
  bin(features: Float32Array, { from, to }: RowRange): Uint8Array[] {
    const rows = Math.max(0, to - from);
    return this.cuts.map((cuts, column) => {
      const bins = new Uint8Array(rows);
      for (let row = 0; row < rows; row++) {
        const x = features[(from + row) * this.#columns + column]!;
        bins[row] = x === x ? 1 + placeOf(cuts, x) : 0;
      }
      return bins;
    });
  }
}

/** Index of the first cut that is at least x. */
function placeOf(cuts: Float32Array, x: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x <= cuts[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Cuts between the values of a sorted column. */
function cutsOf(sorted: Float32Array, binsMax: number): Float32Array {
  let distinct = sorted.length === 0 ? 0 : 1;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  const cuts: number[] = [];
  let rest = sorted.length;
  let inBin = 0;
  for (let i = 1; i < sorted.length && cuts.length < binsMax - 1; i++) {
    inBin++;
    if (sorted[i] === sorted[i - 1]) continue;
    if (distinct > binsMax && inBin < rest / (binsMax - cuts.length)) continue;
    cuts.push(between(sorted[i - 1]!, sorted[i]!));
    rest -= inBin;
    inBin = 0;
  }
  return Float32Array.from(cuts);
}

/** A Float32 number that is at least `low` and below `high`, halfway where there is room. */
function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle >= low && middle < high ? middle : low;
}
