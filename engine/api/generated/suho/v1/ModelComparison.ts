// Original file: proto/suho/v1/suho.proto

import type { ModelScore as _suho_v1_ModelScore, ModelScore__Output as _suho_v1_ModelScore__Output } from '../../suho/v1/ModelScore.js';
import type { Long } from '@grpc/proto-loader';

export interface ModelComparison {
  'version'?: (string);
  'against'?: (string);
  'horizon'?: (string);
  /**
   * Bars that both answered and whose outcome is known, and those of them that evidence rests on.
   */
  'bars'?: (number | string | Long);
  'independent_bars'?: (number | string | Long);
  'own'?: (_suho_v1_ModelScore | null);
  'other'?: (_suho_v1_ModelScore | null);
  /**
   * Evidence (an e-value) that the version's log-loss is lower, higher, not lower by what is worth having, and that
   * its directions come true less often than it states.
   */
  'better'?: (number | string);
  'worse'?: (number | string);
  'not_worth_it'?: (number | string);
  'overconfident'?: (number | string);
}

export interface ModelComparison__Output {
  'version': (string);
  'against': (string);
  'horizon': (string);
  /**
   * Bars that both answered and whose outcome is known, and those of them that evidence rests on.
   */
  'bars': (string);
  'independent_bars': (string);
  'own': (_suho_v1_ModelScore__Output | null);
  'other': (_suho_v1_ModelScore__Output | null);
  /**
   * Evidence (an e-value) that the version's log-loss is lower, higher, not lower by what is worth having, and that
   * its directions come true less often than it states.
   */
  'better': (number);
  'worse': (number);
  'not_worth_it': (number);
  'overconfident': (number);
}
