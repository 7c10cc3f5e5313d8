import { BINS, binOf, edgesAt, type DriftReference } from './reference.js';
import { driftTail } from './significance.js';

/** Rows added to each bin, so that the logarithm of an empty one exists. */
const SMOOTHING = 0.5;

/** How one column's live distribution differs from its reference. */
export interface ColumnDrift {
  readonly column: number;
  /** Kolmogorov-Smirnov distance: the largest difference of the cumulative shares, 0..1. */
  readonly ks: number;
  /** Population stability index, less what it would be by chance with as many effective observations. */
  readonly psi: number;
  /** Chance of so large a distance without any drift. */
  readonly p: number;
}

/** Live rows counted into the bins of a reference: two bytes a bin, however many rows. */
export class InputWindow {
  readonly #reference: DriftReference;
  readonly #stride: number;
  readonly counts: Uint16Array;
  rows = 0;

  /** One of `stride` rows of the series is counted. */
  constructor(reference: DriftReference, stride: number) {
    this.#reference = reference;
    this.#stride = stride;
    this.counts = new Uint16Array(reference.columns * BINS);
  }

  clear(): void {
    this.counts.fill(0);
    this.rows = 0;
  }

  /** Counts a row. It holds 65,535 at most. Called for each bar: it allocates nothing. */
  add(row: Float32Array): void {
    const { counts } = this;
    const { edges, columns } = this.#reference;
    for (let column = 0, at = 0; column < columns; column++, at += BINS) {
      const bin = at + binOf(edges, edgesAt(column), row[column]!);
      counts[bin] = counts[bin]! + 1;
    }
    this.rows++;
  }

  /** Counts the rows of another window of the same reference. */
  addWindow({ counts, rows }: InputWindow): void {
    for (let bin = 0; bin < counts.length; bin++) this.counts[bin] = this.counts[bin]! + counts[bin]!;
    this.rows += rows;
  }

  /** Compares a column with its reference. */
  compare(column: number): ColumnDrift {
    const { shares, spacing, freedom, rows: trained } = this.#reference;
    const at = column * BINS;
    const apart = spacing[column]!;
    const effective = 1 / (Math.max(1, apart / this.#stride) / this.rows + apart / trained);
    let ks = 0;
    let psi = 0;
    let used = 0;
    let reference = 0;
    let live = 0;
    for (let step = 0; step < BINS; step++) {
      // Unknown values count as below all others.
      const bin = at + ((step + BINS - 1) % BINS);
      const expected = shares[bin]!;
      const seen = this.counts[bin]!;
      if (expected === 0 && seen === 0) continue;
      used++;
      reference += expected;
      live += seen / this.rows;
      ks = Math.max(ks, Math.abs(reference - live));
      const p = (expected * trained + SMOOTHING) / (trained + SMOOTHING * BINS);
      const q = (seen + SMOOTHING) / (this.rows + SMOOTHING * BINS);
      psi += (q - p) * Math.log(q / p);
    }
    // Without drift the index is a chi-squared variable over the effective observations (Yurdakul 2018).
    const byChance = (used - 1) / effective;
    return { column, ks, psi: Math.max(0, psi - byChance), p: driftTail(ks, effective, freedom[column]!) };
  }
}
