import type { Bar } from '../../actors/market/bar.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import type { ExtraDefinition } from '../feature-store/extra-indicators.js';
import type { CalendarRule } from '../calendars.js';
import type { SeriesIdentity } from '../feature-store/feature-store.js';
import type { FileReport } from '../files/market-file.js';
import type { Reading } from '../files/reading.js';

/** Where a series' bars come from: a file the worker reads itself beside the stored bars, or the stored bars alone. */
type BackfillSource =
  { readonly kind: 'file'; readonly path: string; readonly reading: Reading } | { readonly kind: 'stored' };

/** Bars that open in [from, to), epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Bars in which a file and the store differ: how many, when the first and the last opened, and both versions of the first. */
export interface Difference {
  readonly count: number;
  readonly openTime: number;
  readonly lastTime: number;
  /** None where the store has no such bar. */
  readonly stored?: Bar;
  /** None where the file has no such bar. */
  readonly given?: Bar;
}

/** A span of a file beside the stored bars. */
export interface Comparison {
  /** Whether the file has bars in the span, or before and after it. */
  readonly reaches: boolean;
  readonly changed: Difference | undefined;
  readonly added: Difference | undefined;
  readonly removed: Difference | undefined;
}

/** What a worker computes. */
export interface BackfillTask {
  readonly series: SeriesIdentity;
  /** The series' calendar. */
  readonly calendar: CalendarRule;
  readonly source: BackfillSource;
  readonly basis: PriceBasis;
  /** Only bars that open in [from, to) are stored; earlier ones are used as warm-up. Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Rows of a segment. */
  readonly segmentRows: number;
  /** Only compares the bars of this span with the stored ones, and stores nothing. */
  readonly compare: Span | undefined;
  readonly checkpoint: Checkpoint | undefined;
  /** Further indicators of the tenant; a backfill with any cannot resume and starts over. */
  readonly extras: readonly ExtraDefinition[];
}

/** Where a backfill can resume: the state at the end of a stored segment, and the inputs that led to it. */
export interface Checkpoint {
  /** The series' state as a snapshot. */
  readonly state: Uint8Array;
  /** Inputs (bars or quotes) read from the source so far, including rejected ones. */
  readonly inputs: number;
  /** SHA-256 of the inputs so far, to detect a changed source. */
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
  /** What a file turned out to be. */
  | { readonly kind: 'recognised'; readonly description: string }
  | { readonly kind: 'more' };

export type ToBackfillWorker =
  /** A segment is stored; its buffers are returned for reuse. */
  | { readonly kind: 'stored'; readonly features: Uint8Array; readonly bars: Uint8Array }
  | { readonly kind: 'bars'; readonly numbers: Float64Array }
  | { readonly kind: 'end' };

/** Result of a series. A file's bars are new, or stored already, or in conflict with stored ones, which stand. */
export interface BackfillCounts {
  readonly inputs: number;
  /** Closed bars applied, including those before the checkpoint. */
  readonly bars: number;
  readonly rejected: number;
  /** Repeated or out of order. */
  readonly late: number;
  /** Rows handed out to be stored by this run. */
  readonly rows: number;
  /** Rows stored by the earlier run that this one resumed. */
  readonly resumed: number;
  /** Bars of a file that the store had not, and those it had with the same values. */
  readonly added: number;
  readonly known: number;
  /** Bars that the store has with other values than the file. */
  readonly conflicts?: Difference;
  /** Bars that the store has and the file, between its first and last bar, has not. */
  readonly missing?: Difference;
  /** What became of a file's rows. */
  readonly reading?: FileReport;
}

export type BackfillAnswer =
  | { readonly kind: 'done'; readonly counts: BackfillCounts }
  | { readonly kind: 'compared'; readonly comparison: Comparison }
  /** The checkpoint belongs to another source: start over without it. */
  | { readonly kind: 'other_source' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
