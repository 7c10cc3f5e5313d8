/** What the console's server and its page say to each other, in JSON. Times are epoch milliseconds UTC; null is "not known". */

export interface CallerView {
  readonly tenantId: string;
  readonly userId: string | null;
  readonly role: string;
}

export interface SessionView {
  /** Whether a credential has to be shown. */
  readonly required: boolean;
  /** Who asks; null when a credential is required and there is none. */
  readonly caller: CallerView | null;
  /** Whether the markets of this engine are invented. */
  readonly simulated: boolean;
}

/** A series with its instrument, as its owner or a follower sees it. */
export interface SeriesView {
  readonly id: string;
  readonly instrument: string;
  readonly feed: string;
  readonly symbol: string;
  readonly timeframe: string;
  /** Length of a bar, ms. */
  readonly barMs: number;
  readonly calendar: string;
  readonly simulated: boolean;
  /** Whether the tenant has signals on it. */
  readonly signals: boolean;
  readonly modelVersion: string | null;
  readonly state: string;
  readonly error: string;
  /** Bars since its beginning. */
  readonly bars: number;
  readonly lastBarTime: number | null;
}

/** Open time, open, high, low, close, volume. */
export type BarRow = readonly [number, number, number, number, number, number | null];

export interface BarsView {
  /** Oldest first. */
  readonly bars: readonly BarRow[];
  /** Why older bars are missing: the store is away. */
  readonly note: string | null;
}

export interface OutcomeView {
  readonly direction: number;
  readonly return: number;
}

/** A signal in a list or on a chart. */
export interface SignalRow {
  readonly id: string;
  readonly symbol: string;
  readonly timeframe: string;
  /** Close time of its bar. */
  readonly time: number;
  readonly price: number;
  readonly direction: 'LONG' | 'SHORT' | 'FLAT';
  /** What the primary horizon leans to, also where it abstained: −1, 0, 1. */
  readonly leaning: number;
  readonly confidence: number;
  readonly horizon: string;
  readonly abstained: readonly string[];
  readonly degraded: readonly string[];
  readonly version: string;
  /** Over the primary horizon. */
  readonly outcome: OutcomeView | null;
}

export interface SignalsView {
  /** Oldest first. */
  readonly signals: readonly SignalRow[];
  readonly note: string | null;
}

export interface HorizonView {
  readonly horizon: string;
  readonly primary: boolean;
  readonly down: number;
  readonly flat: number;
  readonly up: number;
  readonly expectedReturn: number;
  /** Down, flat, up as the model alone said. */
  readonly model: readonly number[] | null;
  /** Down, flat, up of the similar moments alone. */
  readonly moments: readonly number[] | null;
  readonly matches: number | null;
  readonly effectiveMoments: number | null;
  /** Share of the combined probability that the model's opinion weighs, 0..1. */
  readonly modelShare: number | null;
  readonly outcome: OutcomeView | null;
}

export interface GateView {
  readonly name: string;
  readonly value: number | null;
  readonly limit: number | null;
  readonly passed: boolean;
}

/** Closes around a moment, each relative to the moment's own close: 0.01 is 1 % above. */
export interface PathView {
  readonly time: number;
  /** Bars up to and with the moment, oldest first. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface MomentView extends PathView {
  /** The signal's own, or that of a related market. */
  readonly symbol: string;
  /** By horizon; null while or where it is not known. */
  readonly returns: readonly (number | null)[];
}

/** An input that moved a forecast. */
interface MovedFeatureView {
  readonly name: string;
  readonly kind: 'feature' | 'channel';
  /** As it enters the model; null where unknown, and for a channel. */
  readonly value: number | null;
  /** How much higher the probability is than with a value as training had them, in the mean. */
  readonly change: number;
}

/** The inputs that moved the forecast of a signal, strongest first, or why they cannot be told. */
export interface MovedView {
  readonly direction: 'up' | 'down' | null;
  readonly features: readonly MovedFeatureView[];
  readonly note: string | null;
}

export interface SignalDetail {
  readonly signal: SignalRow;
  readonly modelId: string;
  readonly arm: string;
  readonly horizons: readonly HorizonView[];
  readonly gates: readonly GateView[];
  readonly anomaly: number;
  readonly quality: { readonly score: number; readonly flags: readonly string[] };
  readonly patterns: {
    readonly embeddingVersion: string;
    readonly similarity: number;
    readonly winRateLow: number;
    readonly winRateHigh: number;
    readonly winRate: number;
    readonly direction: number;
  } | null;
  readonly timing: {
    readonly queueMs: number;
    readonly inferenceMs: number;
    readonly patternsMs: number;
  } | null;
  readonly path: PathView | null;
  readonly moments: readonly MomentView[];
}

export interface DayView {
  readonly day: number;
  readonly bars: number;
  readonly score: number;
  readonly flags: Readonly<Record<string, number>>;
}

export interface FeatureView {
  readonly name: string;
  readonly group: string;
  readonly unit: string;
  readonly formula: string;
  readonly warmUpBars: number;
  readonly form: string;
  readonly talib: string | null;
}

/** Close time of the bar, value. */
export type FeatureValue = readonly [number, number];

export interface BalanceView {
  readonly horizon: string;
  readonly down: number;
  readonly flat: number;
  readonly up: number;
  readonly unknown: number;
}

export interface HealthView {
  readonly state: string;
  readonly degraded: boolean;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly simulated: boolean;
  /** Counts since the start, by name; those of the whole engine only for operators. */
  readonly counts: Readonly<Record<string, number>>;
  readonly withheld: Readonly<Record<string, number>>;
  readonly journalBytes: number;
  readonly journalBytesMax: number;
  readonly sinks: readonly {
    readonly name: string;
    readonly healthy: boolean;
    readonly lagRows: number;
    readonly lagSeconds: number;
    readonly deadLetters: number;
    readonly error: string;
  }[];
  readonly sources: readonly { readonly name: string; readonly healthy: boolean; readonly error: string }[];
  readonly instruments: readonly { readonly name: string; readonly state: string; readonly error: string }[];
  readonly withheldModels: readonly { readonly version: string; readonly reason: string }[];
  readonly firstModels: readonly {
    readonly symbol: string;
    readonly timeframe: string;
    readonly state: string;
    readonly barsMissing: number;
    readonly reason: string;
  }[];
}

/** What an open page is told, once a second at most. */
export interface Update {
  readonly state: string;
  readonly degraded: boolean;
  /** Signals since the last update, oldest first. */
  readonly signals: readonly SignalRow[];
  /** Signals that were left out of this update: the page was too slow for them. */
  readonly skipped: number;
  /** The series the page shows. */
  readonly watched: { readonly bars: number; readonly lastBarTime: number | null } | null;
  readonly health: HealthView | null;
}

/** Why something was not answered. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}
