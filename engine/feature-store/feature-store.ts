import type { QUALITY_FLAG } from '../../actors/features/quality.js';
import type { Bar } from '../../actors/market/bar.js';
import type { TimeframeOfCalendar } from '../../actors/market/bar-grid.js';
import type { StoredRow } from '../journal/records.js';
import type { ExtraIndicators } from './extra-indicators.js';

/** Which series a row belongs to. `tenantId` is the owner of a private feed, or `platform` for a shared one. */
export interface SeriesIdentity extends TimeframeOfCalendar {
  readonly tenantId: string;
  /** User a series is private to; none for one of the whole tenant. */
  readonly userId?: string;
  readonly feed: string;
  readonly symbol: string;
}

/** A row together with whose it is. */
export interface IdentifiedRow {
  readonly series: SeriesIdentity;
  readonly row: StoredRow;
  /** The tenant's further columns. */
  readonly extras?: { readonly indicators: ExtraIndicators; readonly values: Float32Array };
}

/** That stored bars of a series were replaced, and whether all that follows from them is stored again. */
export interface Replacement {
  readonly series: SeriesIdentity;
  /** When, epoch milliseconds by the store's clock. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly isDone: boolean;
}

/** Takes stored history away so that a corrected one can take its place. */
export interface ReplacementStore {
  /**
   * Takes note that bars of a series that open in a span are replaced, then removes them and all rows with a feature or label that
   * may follow from them, in every version.
   */
  beginReplacement(
    series: SeriesIdentity,
    span: { readonly from: number; readonly to: number },
  ): Promise<void>;
  /** Takes note that what was removed is stored again. */
  endReplacement(series: SeriesIdentity): Promise<void>;
  /** The newest replacement of a series; undefined when there was none. */
  lastReplacement(series: SeriesIdentity): Promise<Replacement | undefined>;
  /** Replacements of all series after a time, oldest first. */
  replacementsSince(at: number): Promise<readonly Replacement[]>;
}

/** The quality of one UTC day's bars of a series. */
export interface DayQuality {
  /** When the day begins, epoch milliseconds UTC. */
  readonly day: number;
  readonly bars: number;
  /** Mean quality score, 0..1. */
  readonly score: number;
  /** Bars that have each flag. */
  readonly flags: Readonly<Record<keyof typeof QUALITY_FLAG, number>>;
}

/** How often each direction came of a series' bars over one horizon. */
export interface LabelBalance {
  readonly horizon: string;
  readonly down: number;
  readonly flat: number;
  readonly up: number;
  /** Bars whose horizon is not over. */
  readonly unknown: number;
}

/** Summaries of what is stored of a series, for people. */
export interface SeriesOverview {
  /** Days with bars that opened in [from, to), oldest first, the `limit` newest at most. */
  days(series: SeriesIdentity, from: number, to: number, limit: number): Promise<readonly DayQuality[]>;
  /** One balance a horizon, over all rows. */
  labelBalance(series: SeriesIdentity): Promise<readonly LabelBalance[]>;
}

/** Keeps raw bars, features and labels for ever (`ml_features`, `aggregates`). Writes are idempotent. */
export interface FeatureStore extends ReplacementStore, SeriesOverview {
  /** Makes the tables if they are not there. */
  prepare(): Promise<void>;
  /** Writes rows; one that is there already is replaced by the one with more labels known. */
  write(rows: readonly IdentifiedRow[]): Promise<void>;
  /** Writes rows that are RowBinary already, in the columns of `TABLES[table]`. */
  insert(table: 'ml_features' | 'aggregates', rows: Uint8Array): Promise<void>;
  /** Bars of a series that closed at or before `through`, oldest first, `limit` newest at most. */
  bars(series: SeriesIdentity, through: number, limit: number): Promise<Bar[]>;
  /** Bars of a series that opened after `after`, oldest first, `limit` at most. */
  barsAfter(series: SeriesIdentity, after: number, limit: number): Promise<Bar[]>;
  /**
   * Rows of a series whose bars opened in [from, to), oldest first, `limit` at most, each once with its newest
   * labels: RowBinary, as `insert` takes it.
   */
  rows(series: SeriesIdentity, from: number, to: number, limit: number): Promise<Uint8Array>;
  /** Some features of a series' rows by bar close time, those that are known, over [from, through]. */
  columns(
    series: SeriesIdentity,
    names: readonly string[],
    from: number,
    through: number,
  ): Promise<ReadonlyMap<number, Readonly<Record<string, number>>>>;
  /** Names of the further columns any row of a series has, sorted. */
  extraColumns(series: SeriesIdentity): Promise<readonly string[]>;
  /** Further columns of a series' rows by bar open time, those of rows that have any, over [from, to). */
  extras(
    series: SeriesIdentity,
    from: number,
    to: number,
  ): Promise<ReadonlyMap<number, Readonly<Record<string, number>>>>;
  /**
   * Runs one query that only reads these tables, all rows or a tenant's own, and returns its rows, about `rowsMax` of them
   * at most where that is given. Throws `BAD_INPUT` with the store's own words when it is wrong.
   */
  sql(query: string, tenantId?: string, rowsMax?: number): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}
