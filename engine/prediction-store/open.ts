import type pg from 'pg';
import { PostgresPredictionStore } from './postgres-prediction-store.js';
import type { PredictionStore } from './prediction-store.js';

/** Predictions as a connection of its own sees them. */
export function openPredictions(connection: pg.ClientConfig): Pick<PredictionStore, 'sql' | 'close'> {
  return new PostgresPredictionStore(connection);
}
