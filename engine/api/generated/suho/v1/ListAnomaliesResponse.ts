// Original file: proto/suho/v1/suho.proto

import type { StoredSignal as _suho_v1_StoredSignal, StoredSignal__Output as _suho_v1_StoredSignal__Output } from '../../suho/v1/StoredSignal.js';
import type { AnomalyFigures as _suho_v1_AnomalyFigures, AnomalyFigures__Output as _suho_v1_AnomalyFigures__Output } from '../../suho/v1/AnomalyFigures.js';

/**
 * A page of anomalous moments.
 */
export interface ListAnomaliesResponse {
  /**
   * Their signals, newest first, with what the market did after.
   */
  'anomalies'?: (_suho_v1_StoredSignal)[];
  /**
   * How they did beside all others, for each symbol and timeframe; with the first page only.
   */
  'figures'?: (_suho_v1_AnomalyFigures)[];
  /**
   * The score they are above.
   */
  'above'?: (number | string);
  /**
   * The tenant's gate `maxAnomaly` now.
   */
  'gate_limit'?: (number | string);
  /**
   * What becomes of a signal above it: abstain or note.
   */
  'gate_action'?: (string);
  /**
   * Token of the next page; empty when this is the last.
   */
  'next_page_token'?: (string);
}

/**
 * A page of anomalous moments.
 */
export interface ListAnomaliesResponse__Output {
  /**
   * Their signals, newest first, with what the market did after.
   */
  'anomalies': (_suho_v1_StoredSignal__Output)[];
  /**
   * How they did beside all others, for each symbol and timeframe; with the first page only.
   */
  'figures': (_suho_v1_AnomalyFigures__Output)[];
  /**
   * The score they are above.
   */
  'above': (number);
  /**
   * The tenant's gate `maxAnomaly` now.
   */
  'gate_limit': (number);
  /**
   * What becomes of a signal above it: abstain or note.
   */
  'gate_action': (string);
  /**
   * Token of the next page; empty when this is the last.
   */
  'next_page_token': (string);
}
