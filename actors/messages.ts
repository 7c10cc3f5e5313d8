import type { Label } from './features/labels.js';
import type { Bar } from './market/bar.js';
import type { Quote } from './market/quote.js';
import type { Timeframe } from './market/timeframe.js';
import type { Evidence } from './signals/evidence.js';
import type { Route } from './signals/route.js';
import type { RoutePlan } from './signals/route-plan.js';
import type { AbstainReason, Direction, Signal, WithheldReason } from './signals/signal.js';

/** A closed bar with its features, as a series hands it to signal actors and to the journal. Never changed. */
export interface FeatureRow {
  readonly seriesId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly bar: Bar;
  readonly closeTime: number;
  /** The catalogue's features, NaN where unknown. */
  readonly values: Float32Array;
  /** The same in their model form. */
  readonly model: Float32Array;
  /** The last bars' sequence channels; absent where no model of a subscriber takes them. */
  readonly sequence?: Float32Array;
  /** Bars the series has seen, this one included. */
  readonly bars: number;
  readonly qualityScore: number;
  readonly qualityFlags: number;
  /** Labels that this bar made known, oldest first; they belong to earlier rows. */
  readonly labels: readonly Readonly<Label>[];
}

/** What actors say to each other and what the engine says to them. */
export type Message =
  | { readonly kind: 'quote'; readonly quote: Quote }
  | { readonly kind: 'bar'; readonly bar: Bar }
  | { readonly kind: 'clock'; readonly now: number }
  /** What quotes had begun in a series that is made again from its closed bars. */
  | { readonly kind: 'open_bar'; readonly bar: Bar | undefined; readonly lastInputTime: number }
  /** A closed bar of the shorter series this one is built from. */
  | { readonly kind: 'base_bar'; readonly bar: Bar; readonly closeTime: number }
  | { readonly kind: 'row'; readonly row: FeatureRow }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  /** New models, or none, for one signal actor; it travels the way the rows do, so it takes effect between two bars. */
  | { readonly kind: 'route'; readonly target: string; readonly route: RoutePlan | undefined }
  /**
   * From here on a signal actor gets the rows of a series. It travels the way the rows do; a longer series that is new
   * begins with bars that open at `since`.
   */
  | {
      readonly kind: 'subscribe';
      readonly seriesId: string;
      readonly actorId: string;
      readonly since: number;
    }
  /** From here on a signal actor gets no rows of its series, and ends. It travels the way the rows do. */
  | { readonly kind: 'unsubscribe'; readonly actorId: string }
  /** A signal actor's report to its tenant. */
  | {
      readonly kind: 'tally';
      readonly outcome: Direction | WithheldReason;
      readonly abstained: readonly AbstainReason[];
    }
  /** Asks for a snapshot at exactly this point of the stream; it travels the way the rows do. */
  | { readonly kind: 'barrier'; readonly epoch: number };

/** What actors ask of the world, or tell it. */
export type Effect =
  | { readonly kind: 'row'; readonly row: FeatureRow }
  | {
      readonly kind: 'evidence_request';
      readonly actorId: string;
      readonly tenantId: string;
      /** User whose signals these are; absent for those of the whole tenant. */
      readonly userId?: string | undefined;
      /** The arm that serves the bar. */
      readonly route: Route;
      /** Arms that answer beside it. */
      readonly beside: readonly Route[];
      readonly row: FeatureRow;
    }
  | {
      readonly kind: 'signal';
      readonly actorId: string;
      readonly signal: Signal;
      /** What it was made from; a replay makes it again from this. */
      readonly evidence: Evidence;
    }
  | {
      readonly kind: 'withheld';
      readonly actorId: string;
      readonly tenantId: string;
      readonly reason: WithheldReason;
      readonly closeTime: number;
      /** What it was withheld for; undefined when none was asked for. */
      readonly evidence: Evidence | undefined;
    }
  /** A row that no signal is made of: the signals of its actor have ended. */
  | { readonly kind: 'passed' }
  /** A signal actor that gets no more rows. */
  | { readonly kind: 'ended'; readonly actorId: string }
  /** What came of an earlier signal over one horizon. */
  | {
      readonly kind: 'outcome';
      readonly actorId: string;
      readonly tenantId: string;
      readonly userId?: string | undefined;
      readonly predictionId: string;
      readonly label: Readonly<Label>;
    }
  /** What came of an earlier moment of the series, for the tenant's pattern index. */
  | {
      readonly kind: 'pattern_outcome';
      readonly actorId: string;
      readonly tenantId: string;
      readonly userId?: string | undefined;
      readonly symbol: string;
      readonly timeframe: Timeframe;
      readonly label: Readonly<Label>;
    }
  | {
      readonly kind: 'snapshot';
      readonly actorId: string;
      readonly epoch: number;
      readonly bytes: Uint8Array;
    };
