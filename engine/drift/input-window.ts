import { BINS, countRow, countingOrder, type CountingOrder, type DriftReference } from './reference.js';
import { driftTail } from './significance.js';

/** Rows added to each bin, so that the logarithm of an empty one exists. */
const SMOOTHING = 0.5;

/** How far one column's live distribution is from its reference. */
interface ColumnDistance {
  readonly column: number;
  /** Kolmogorov-Smirnov distance: the largest difference of the cumulative shares, 0..1. */
  readonly ks: number;
  /** Chance of so large a distance without any drift. */
  readonly p: number;
}

export interface ColumnDrift extends ColumnDistance {
  /** Population stability index, less what it would be by chance with as many effective observations. */
  readonly psi: number;
}

/** Live rows counted into the bins of a reference: two bytes a bin, however many rows. */
export class InputWindow {
  readonly #reference: DriftReference;
  readonly #stride: number;
  readonly #order: CountingOrder;
  readonly counts: Uint16Array;
  rows = 0;

  /** One of `stride` rows of the series is counted. */
  constructor(reference: DriftReference, stride: number) {
    this.#reference = reference;
    this.#stride = stride;
    this.counts = new Uint16Array(reference.columns * BINS);
    this.#order = countingOrder(reference);
  }

  clear(): void {
    this.counts.fill(0);
    this.rows = 0;
  }

  /** Counts a row. It holds 65,535 at most. */
  add(row: Float32Array): void {
    countRow(this.#reference.edges, this.#order, row, this.counts);
    this.rows++;
  }

  /** Counts the rows of another window of the same reference. */
  addWindow({ counts, rows }: InputWindow): void {
    for (let bin = 0; bin < counts.length; bin++) this.counts[bin] = this.counts[bin]! + counts[bin]!;
    this.rows += rows;
  }

  /** How far a column is from its reference. */
  distance(column: number): ColumnDistance {
    const { shares, freedom } = this.#reference;
    const { counts, rows } = this;
    const at = column * BINS;
    // Unknown values count as below all others.
    let apart = counts[at + BINS - 1]! / rows - shares[at + BINS - 1]!;
    let ks = Math.abs(apart);
    for (let bin = at; bin < at + BINS - 1; bin++) {
      apart += counts[bin]! / rows - shares[bin]!;
      ks = Math.max(ks, Math.abs(apart));
    }
    return { column, ks, p: driftTail(ks, this.#effective(column), freedom[column]!) };
  }

  /** How far the shares of a column's bins are from those of its reference: see {@link ColumnDrift.psi}. */
  stability(column: number): number {
    const { shares, rows: trained } = this.#reference;
    let psi = 0;
    let used = 0;
    for (let bin = column * BINS; bin < (column + 1) * BINS; bin++) {
      const expected = shares[bin]!;
      const seen = this.counts[bin]!;
      if (expected === 0 && seen === 0) continue;
      used++;
      const p = (expected * trained + SMOOTHING) / (trained + SMOOTHING * BINS);
      const q = (seen + SMOOTHING) / (this.rows + SMOOTHING * BINS);
      psi += (q - p) * Math.log(q / p);
    }
    // Without drift the index is a chi-squared variable over the effective observations (Yurdakul 2018).
    return Math.max(0, psi - (used - 1) / this.#effective(column));
  }

  /** Independent observations that the live rows and those of the reference are worth together. */
  #effective(column: number): number {
    const { spacing, rows: trained } = this.#reference;
    const apart = spacing[column]!;
    return 1 / (Math.max(1, apart / this.#stride) / this.rows + apart / trained);
  }
}
