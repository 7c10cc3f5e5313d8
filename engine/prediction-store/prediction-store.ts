import type { PredictionEvent } from '../journal/records.js';

/** What a trade result has to know of the prediction it is about. */
export interface PredictionSummary {
  readonly symbol: string;
  readonly timeframe: string;
  /** Epoch milliseconds UTC. */
  readonly barCloseTime: number;
  readonly modelVersion: string;
}

/** Keeps predictions, what came of them, and trades. Writes are idempotent: a prediction's id is a name. */
export interface PredictionStore {
  /** Writes signals, outcomes and trades in their order. Throws `STORE_UNAVAILABLE` when the schema is not there. */
  write(events: readonly PredictionEvent[]): Promise<void>;
  /** A tenant's prediction; undefined when the tenant has none of that id. */
  find(tenantId: string, predictionId: string): Promise<PredictionSummary | undefined>;
  /** Whether a tenant's trade of that id is stored. */
  hasTrade(tenantId: string, tradeId: string): Promise<boolean>;
  /** Drops what is past its time; returns how many partitions went. */
  applyRetention(): Promise<number>;
  /** Runs a query on one tenant's rows, or, without, on all as whoever the connection belongs to. */
  sql(query: string, tenantId?: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}
