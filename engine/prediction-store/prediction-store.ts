import type { PredictionEvent } from '../journal/records.js';

/** Keeps predictions and what came of them. Writes are idempotent: a prediction's id is a name. */
export interface PredictionStore {
  prepare(): Promise<void>;
  /** Writes signals and outcomes in their order. */
  write(events: readonly PredictionEvent[]): Promise<void>;
  sql(query: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}
