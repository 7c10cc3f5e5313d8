// Original file: proto/suho/v1/suho.proto

import type { Direction as _suho_v1_Direction, Direction__Output as _suho_v1_Direction__Output } from '../../suho/v1/Direction.js';

export interface PatternEvidence {
  'embedding_version'?: (string);
  'matches'?: (number);
  'effective_sample_size'?: (number | string);
  /**
   * Share of the weight that agrees on the direction most took.
   */
  'agreement'?: (number | string);
  'direction'?: (_suho_v1_Direction);
  'win_rate_low'?: (number | string);
  'win_rate_high'?: (number | string);
  'mean_return'?: (number | string);
  'similarity'?: (number | string);
  'nearest'?: (string)[];
}

export interface PatternEvidence__Output {
  'embedding_version': (string);
  'matches': (number);
  'effective_sample_size': (number);
  /**
   * Share of the weight that agrees on the direction most took.
   */
  'agreement': (number);
  'direction': (_suho_v1_Direction__Output);
  'win_rate_low': (number);
  'win_rate_high': (number);
  'mean_return': (number);
  'similarity': (number);
  'nearest': (string)[];
}
