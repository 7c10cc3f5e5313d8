import type { Direction, HorizonForecast } from '../../actors/signals/signal.js';
import type { PredictionEvent } from '../journal/records.js';
import type { ExpiredPredictions } from './expired-predictions.js';

/** What a trade result has to know of the prediction it is about. */
export interface PredictionSummary {
  /** User whose own it is. */
  readonly userId?: string | undefined;
  readonly symbol: string;
  readonly timeframe: string;
  /** Epoch milliseconds UTC. */
  readonly barCloseTime: number;
  readonly modelVersion: string;
}

/** What came of a prediction over one horizon. */
export interface StoredOutcome {
  /** −1, 0, +1. */
  readonly direction: number;
  readonly return: number;
}

/** A prediction as it is stored, with what came of it as far as that is known. */
export interface StoredPrediction extends PredictionSummary {
  readonly predictionId: string;
  readonly modelId: string;
  readonly arm: string;
  /** Whether it was the signal of its bar, not the answer of an arm beside it. */
  readonly served: boolean;
  readonly price: number;
  readonly direction: Direction;
  readonly confidence: number;
  readonly primaryHorizon: string;
  readonly abstained: readonly string[];
  readonly degraded: readonly string[];
  readonly anomaly: number;
  readonly qualityScore: number;
  readonly qualityFlags: number;
  /** One a horizon. */
  readonly forecasts: readonly HorizonForecast[];
  /** One a horizon; undefined while it is open. */
  readonly outcomes: readonly (StoredOutcome | undefined)[];
}

/** A bar that predictions are about. */
export interface PredictedBar {
  readonly symbol: string;
  readonly timeframe: string;
  readonly barCloseTime: number;
}

/** A user who reads, and on what he has signals of his own: there they stand in the place of his tenant's. */
export interface PredictionUser {
  readonly userId: string;
  readonly own: readonly {
    readonly symbol: string;
    readonly timeframe: string;
    /** On bars that closed after `since`, up to `until`, epoch milliseconds. */
    readonly since: number;
    readonly until: number;
  }[];
}

/** Predictions of one series of a tenant. */
export interface PredictionRange {
  /** For whom; without a user those of the whole tenant. */
  readonly user?: PredictionUser | undefined;
  readonly symbol: string;
  readonly timeframe: string;
  /** Close times of bars: [from, to]. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

/** Predictions of a tenant, whatever their series. */
export interface PredictionQuery {
  /** For whom; without a user those of the whole tenant. */
  readonly user?: PredictionUser | undefined;
  /** Empty: all. */
  readonly symbols: readonly string[];
  readonly timeframes: readonly string[];
  /** Close times of bars: [from, to). */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly onlyActionable: boolean;
  /** Only signals of moments with a higher anomaly score. */
  readonly anomalyAbove?: number;
  /** The last one of the page before. */
  readonly after?: Pick<StoredPrediction, 'barCloseTime' | 'predictionId'>;
  readonly limit: number;
}

/** Predictions of about the same stated probability, and how many of them came true. */
export interface ReliabilityBin {
  readonly horizon: string;
  readonly samples: number;
  /** Mean of the probability that was stated for the likeliest direction. */
  readonly stated: number;
  /** Share of them in which that direction came. */
  readonly observed: number;
}

/** How signals of moments with an anomaly score beyond a limit did, or those of all others. */
export interface AnomalyFigures {
  readonly symbol: string;
  readonly timeframe: string;
  readonly isAnomalous: boolean;
  readonly signals: number;
  /** Those that the gate withheld. */
  readonly withheld: number;
  /** Those whose outcome over their primary horizon is known, and of these those whose likeliest direction came. */
  readonly known: number;
  readonly right: number;
  /** Mean return in the likeliest direction, of those that had one; NaN without any. */
  readonly meanReturn: number;
}

/** Two models of a tenant's symbol and timeframe, and the horizon they are compared over. */
export interface PairQuery {
  /** User whose own predictions they are; without one those of the whole tenant. */
  readonly userId?: string | undefined;
  readonly symbol: string;
  readonly timeframe: string;
  /** Index of the horizon. */
  readonly horizon: number;
  readonly productionId: string;
  readonly challengerId: string;
  /** Close times of bars after this. */
  readonly after: number;
  readonly limit: number;
}

/** What one model said of a bar over a horizon. */
interface StatedForecast {
  readonly down: number;
  readonly flat: number;
  readonly up: number;
  readonly direction: Direction;
}

/** What two models said of a bar whose outcome is known. */
export interface StoredPair {
  readonly closeTime: number;
  readonly resolvedAt: number;
  readonly production: StatedForecast;
  readonly challenger: StatedForecast;
  readonly challengerArm: string;
  readonly direction: number;
  readonly return: number;
  /** The bar's spread over its close; NaN where unknown. */
  readonly spread: number;
}

/** Reads a tenant's predictions. All throw `STORE_UNAVAILABLE` while the store is away. */
export interface PredictionHistory {
  /** The newest predictions of a range, oldest first. */
  range(tenantId: string, range: PredictionRange): Promise<readonly StoredPrediction[]>;
  /** Predictions that were signals, by close time of their bar and id, newest first, after those of the page before. */
  page(tenantId: string, query: PredictionQuery): Promise<readonly StoredPrediction[]>;
  /** A tenant's, or one of a user's own, predictions with all that is stored of it. */
  get(tenantId: string, predictionId: string, userId?: string): Promise<StoredPrediction | undefined>;
  /**
   * How a tenant's signals did by whether their anomaly score was above a limit, for each symbol and timeframe of a query:
   * those that were withheld by what they leaned to.
   */
  anomalies(
    tenantId: string,
    query: Pick<PredictionQuery, 'symbols' | 'timeframes' | 'from' | 'to' | 'user'>,
    above: number,
  ): Promise<readonly AnomalyFigures[]>;
  /** What every arm of a tenant's, or of a user's own, plan answered for a bar, the signal first. */
  arms(tenantId: string, bar: PredictedBar, userId?: string): Promise<readonly StoredPrediction[]>;
  /** Bars that two models both answered and whose outcome is known, oldest first. */
  pairs(tenantId: string, query: PairQuery): Promise<readonly StoredPair[]>;
  /** Stated against observed probabilities of a model version, in bins of a twentieth. */
  reliability(
    tenantId: string,
    of: { readonly symbol: string; readonly timeframe: string; readonly version: string },
  ): Promise<readonly ReliabilityBin[]>;
}

/** A prediction store that is read as well. */
export interface ReadablePredictions extends PredictionStore {
  readonly history: PredictionHistory;
  readonly expired: ExpiredPredictions;
}

/** Keeps predictions, what came of them, and trades. Writes are idempotent: a prediction's id is a name. */
export interface PredictionStore {
  /** Writes signals, outcomes and trades in their order. Throws `STORE_UNAVAILABLE` when the schema is not there. */
  write(events: readonly PredictionEvent[]): Promise<void>;
  /** A tenant's, or a user's own, prediction; undefined when there is none of that id for them. */
  find(tenantId: string, predictionId: string, userId?: string): Promise<PredictionSummary | undefined>;
  /** Whether a tenant's trade of that id is stored. */
  hasTrade(tenantId: string, tradeId: string): Promise<boolean>;
  /** Drops trades and performance past their time; returns how many partitions went. */
  applyRetention(): Promise<number>;
  /**
   * Runs a query on one tenant's rows, or, without, on all as whoever the connection belongs to; returns its first
   * `rowsMax` rows, all when that is left out.
   */
  sql(query: string, tenantId?: string, rowsMax?: number): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}
