// Original file: proto/suho/v1/suho.proto

import type { Direction as _suho_v1_Direction, Direction__Output as _suho_v1_Direction__Output } from '../../suho/v1/Direction.js';

/**
 * What came of the most similar past moments, over the primary horizon.
 */
export interface PatternEvidence {
  /**
   * Name of the embedding that moments are compared in; vectors of two embeddings are never compared.
   */
  'embedding_version'?: (string);
  /**
   * Similar moments counted; overlapping ones count once.
   */
  'matches'?: (number);
  /**
   * Independent observations that the matches are worth: (sum of weights)^2 / sum of squared weights.
   */
  'effective_sample_size'?: (number | string);
  /**
   * Share of the weight that agrees on the direction most took, 0..1.
   */
  'agreement'?: (number | string);
  /**
   * Direction most took.
   */
  'direction'?: (_suho_v1_Direction);
  /**
   * Lower end of the 95 % Wilson interval of `agreement`, 0..1.
   */
  'win_rate_low'?: (number | string);
  /**
   * Upper end of the 95 % Wilson interval of `agreement`, 0..1.
   */
  'win_rate_high'?: (number | string);
  /**
   * Mean return after the matches, weighted, as a fraction of the price.
   */
  'mean_return'?: (number | string);
  /**
   * Mean cosine similarity of the matches, -1..1.
   */
  'similarity'?: (number | string);
  /**
   * Ids of the nearest moments, the most similar first: SYMBOL/TIMEFRAME/CLOSE TIME, of the signal's own symbol or of a related
   * market (setting patterns.relatedMarkets).
   */
  'nearest'?: (string)[];
}

/**
 * What came of the most similar past moments, over the primary horizon.
 */
export interface PatternEvidence__Output {
  /**
   * Name of the embedding that moments are compared in; vectors of two embeddings are never compared.
   */
  'embedding_version': (string);
  /**
   * Similar moments counted; overlapping ones count once.
   */
  'matches': (number);
  /**
   * Independent observations that the matches are worth: (sum of weights)^2 / sum of squared weights.
   */
  'effective_sample_size': (number);
  /**
   * Share of the weight that agrees on the direction most took, 0..1.
   */
  'agreement': (number);
  /**
   * Direction most took.
   */
  'direction': (_suho_v1_Direction__Output);
  /**
   * Lower end of the 95 % Wilson interval of `agreement`, 0..1.
   */
  'win_rate_low': (number);
  /**
   * Upper end of the 95 % Wilson interval of `agreement`, 0..1.
   */
  'win_rate_high': (number);
  /**
   * Mean return after the matches, weighted, as a fraction of the price.
   */
  'mean_return': (number);
  /**
   * Mean cosine similarity of the matches, -1..1.
   */
  'similarity': (number);
  /**
   * Ids of the nearest moments, the most similar first: SYMBOL/TIMEFRAME/CLOSE TIME, of the signal's own symbol or of a related
   * market (setting patterns.relatedMarkets).
   */
  'nearest': (string)[];
}
