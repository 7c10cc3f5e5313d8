import type { Timeframe } from '../../actors/market/timeframe.js';
import type { Intake as EngineIntake } from '../intake/intake.js';

/**
 * The way in for what tenants publish. Calls are applied in the order they are made; each settles when what it accepted
 * is durable and rejects with a `SuhoError`.
 */
export type Intake = Pick<EngineIntake, 'publishBars' | 'publishQuotes'>;

type InstrumentState = 'live' | 'recovering' | 'failed';

/** A feed and symbol that is followed, as its owner or an operator sees it. */
export interface InstrumentView {
  readonly id: string;
  readonly feed: string;
  /** Tenant that publishes it; `platform` for a shared feed. */
  readonly owner: string;
  readonly symbol: string;
  readonly base: Timeframe;
  /** Name of its calendar. */
  readonly calendar: string;
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

/** A series as its reader sees it. */
export interface SeriesPlace {
  readonly seriesId: string;
  readonly instrumentId: string;
  readonly symbol: string;
}

export interface SeriesOfTenants {
  /** Series of a timeframe that a tenant may see: of its own instruments, and of shared ones that it has signals on. */
  visible(tenantId: string, timeframe: Timeframe): readonly SeriesPlace[];
}

export interface InstrumentDirectory {
  /** Instruments a tenant publishes, all of them when it is undefined, in the order of their ids; or a page. */
  list(
    tenantId: string | undefined,
    page?: { readonly after: string; readonly limit: number },
  ): readonly InstrumentView[];
  /** Stops following an instrument. False when there is none of that id that the caller may remove. */
  remove(id: string, by: { readonly tenantId: string; readonly all: boolean }): Promise<boolean>;
}
