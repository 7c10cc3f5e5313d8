// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * What a stated probability was corrected by.
 */
export interface ConfidenceRecord {
  /**
   * Probability that was stated.
   */
  'stated'?: (number | string);
  /**
   * Outcomes of probabilities stated about alike before.
   */
  'outcomes'?: (number | string | Long);
  /**
   * Those of them that came true.
   */
  'hits'?: (number | string | Long);
}

/**
 * What a stated probability was corrected by.
 */
export interface ConfidenceRecord__Output {
  /**
   * Probability that was stated.
   */
  'stated': (number);
  /**
   * Outcomes of probabilities stated about alike before.
   */
  'outcomes': (string);
  /**
   * Those of them that came true.
   */
  'hits': (string);
}
