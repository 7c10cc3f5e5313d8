import type { Bar, RejectReason } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';

/** Bars a tenant publishes, oldest first. */
export interface PublishedBars {
  readonly tenantId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Timeframes to make signals for; the bars' own when empty. */
  readonly signalTimeframes: readonly Timeframe[];
  readonly bars: readonly Bar[];
}

/** Quotes a tenant publishes, oldest first. */
export interface PublishedQuotes {
  readonly tenantId: string;
  readonly symbol: string;
  readonly signalTimeframes: readonly Timeframe[];
  readonly quotes: readonly Quote[];
}

/** Why a valid row was not applied. */
type SkipReason = 'duplicate' | 'late' | 'conflict';

/** What became of the rows of one request. */
export interface IntakeResult {
  readonly accepted: number;
  readonly duplicates: number;
  readonly late: number;
  readonly conflicts: number;
  readonly skipped: readonly { readonly index: number; readonly reason: SkipReason }[];
  readonly rejected: readonly { readonly index: number; readonly reason: RejectReason }[];
}

/**
 * The way in for what tenants publish. Calls are applied in the order they are made; each settles when what it accepted
 * is durable and rejects with a `SuhoError`.
 */
export interface Intake {
  publishBars(input: PublishedBars): Promise<IntakeResult>;
  publishQuotes(input: PublishedQuotes): Promise<IntakeResult>;
}

type InstrumentState = 'live' | 'recovering' | 'failed';

/** A feed and symbol that is followed, as its owner or an operator sees it. */
export interface InstrumentView {
  readonly id: string;
  readonly feed: string;
  /** Tenant that publishes it; `platform` for a shared feed. */
  readonly owner: string;
  readonly symbol: string;
  readonly base: Timeframe;
  readonly signalTimeframes: readonly Timeframe[];
  readonly state: InstrumentState;
  readonly error: string | undefined;
  /** Base bars since its beginning. */
  readonly bars: number;
  /** Open time of the last base bar. */
  readonly lastBarTime: number | undefined;
  /** Inputs the journal keeps for its recovery. */
  readonly retainedInputs: number;
}

export interface InstrumentDirectory {
  /** Instruments a tenant publishes; all of them when it is undefined. */
  list(tenantId: string | undefined): readonly InstrumentView[];
  /** Stops following an instrument. False when there is none of that id that the caller may remove. */
  remove(id: string, by: { readonly tenantId: string; readonly all: boolean }): Promise<boolean>;
}
