// Original file: proto/suho/v1/suho.proto

import type { SignalOutcome as _suho_v1_SignalOutcome, SignalOutcome__Output as _suho_v1_SignalOutcome__Output } from '../../suho/v1/SignalOutcome.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A moment like the signal's.
 */
export interface SimilarMoment {
  /**
   * Close of its bar, epoch milliseconds UTC.
   */
  'bar_close_time'?: (number | string | Long);
  /**
   * Cosine similarity; absent where it is no longer kept.
   */
  'similarity'?: (number | string);
  /**
   * What came of it, one for each horizon; empty where it is no longer kept.
   */
  'outcomes'?: (_suho_v1_SignalOutcome)[];
  /**
   * The signal's own symbol, or that of a related market.
   */
  'symbol'?: (string);
  '_similarity'?: "similarity";
}

/**
 * A moment like the signal's.
 */
export interface SimilarMoment__Output {
  /**
   * Close of its bar, epoch milliseconds UTC.
   */
  'bar_close_time': (string);
  /**
   * Cosine similarity; absent where it is no longer kept.
   */
  'similarity'?: (number);
  /**
   * What came of it, one for each horizon; empty where it is no longer kept.
   */
  'outcomes': (_suho_v1_SignalOutcome__Output)[];
  /**
   * The signal's own symbol, or that of a related market.
   */
  'symbol': (string);
}
