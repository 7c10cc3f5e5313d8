import type { PriceBasis } from '../../actors/market/quote.js';
import type { ExtraDefinition } from '../feature-store/extra-indicators.js';
import type { SeriesIdentity } from '../feature-store/feature-store.js';

/** Where a series' bars come from: a file the worker reads itself, or packed bars that the caller posts. */
type BackfillSource = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'posted' };

/** What a worker computes. */
export interface BackfillTask {
  readonly series: SeriesIdentity;
  readonly source: BackfillSource;
  readonly basis: PriceBasis;
  /** Only bars that open in [from, to) are stored; the ones before still form the state. Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Rows of a segment. */
  readonly segmentRows: number;
  readonly checkpoint: Checkpoint | undefined;
  /** Further indicators of the tenant; a backfill with any begins at the beginning. */
  readonly extras: readonly ExtraDefinition[];
}

/** Where a backfill can go on: the state at the end of a stored segment, and the bars that made it. */
export interface Checkpoint {
  /** The series' state as a snapshot. */
  readonly state: Uint8Array;
  /** Inputs (bars or quotes) taken from the source so far, refused ones too. */
  readonly inputs: number;
  /** SHA-256 of the bars so far: the same file, or another one? */
  readonly digest: string;
  /** Rows stored so far. */
  readonly stored: number;
}

/** RowBinary rows that are ready to be stored. */
interface Segment {
  readonly features: Uint8Array;
  readonly bars: Uint8Array;
  readonly rows: number;
  readonly checkpoint: Checkpoint | undefined;
}

export type FromBackfillWorker =
  | { readonly kind: 'segment'; readonly segment: Segment }
  | { readonly kind: 'progress'; readonly inputs: number }
  | { readonly kind: 'more' };

export type ToBackfillWorker =
  /** A segment is stored; its memory comes back. */
  | { readonly kind: 'stored'; readonly features: Uint8Array; readonly bars: Uint8Array }
  | { readonly kind: 'bars'; readonly numbers: Float64Array }
  | { readonly kind: 'end' };

/** What became of a series. */
export interface BackfillCounts {
  readonly inputs: number;
  /** Closed bars taken, with those a checkpoint stands for. */
  readonly bars: number;
  readonly rejected: number;
  /** Repeated or out of order. */
  readonly late: number;
  /** Rows handed out to be stored by this run. */
  readonly rows: number;
  /** Rows stored by an earlier run that this one took up. */
  readonly resumed: number;
}

export type BackfillAnswer =
  | { readonly kind: 'done'; readonly counts: BackfillCounts }
  /** The checkpoint was made from other bars: begin without it. */
  | { readonly kind: 'other_source' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
