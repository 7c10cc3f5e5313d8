// Original file: proto/suho/v1/models.proto

import type { ModelScore as _suho_v1_ModelScore, ModelScore__Output as _suho_v1_ModelScore__Output } from '../../suho/v1/ModelScore.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Two versions by what came of the bars that both answered.
 */
export interface ModelComparison {
  /**
   * The version.
   */
  'version'?: (string);
  /**
   * What it is compared with.
   */
  'against'?: (string);
  /**
   * Over which outcomes are.
   */
  'horizon'?: (string);
  /**
   * Bars that both answered and whose outcome is known.
   */
  'bars'?: (number | string | Long);
  /**
   * Those of them that evidence rests on: their outcomes do not overlap.
   */
  'independent_bars'?: (number | string | Long);
  /**
   * Of the version.
   */
  'own'?: (_suho_v1_ModelScore | null);
  /**
   * Of what it is compared with.
   */
  'other'?: (_suho_v1_ModelScore | null);
  /**
   * Evidence (an e-value) that the version's log-loss is lower.
   */
  'better'?: (number | string);
  /**
   * That it is higher.
   */
  'worse'?: (number | string);
  /**
   * That it is not lower by what is worth having.
   */
  'not_worth_it'?: (number | string);
  /**
   * That its directions come true less often than it states.
   */
  'overconfident'?: (number | string);
}

/**
 * Two versions by what came of the bars that both answered.
 */
export interface ModelComparison__Output {
  /**
   * The version.
   */
  'version': (string);
  /**
   * What it is compared with.
   */
  'against': (string);
  /**
   * Over which outcomes are.
   */
  'horizon': (string);
  /**
   * Bars that both answered and whose outcome is known.
   */
  'bars': (string);
  /**
   * Those of them that evidence rests on: their outcomes do not overlap.
   */
  'independent_bars': (string);
  /**
   * Of the version.
   */
  'own': (_suho_v1_ModelScore__Output | null);
  /**
   * Of what it is compared with.
   */
  'other': (_suho_v1_ModelScore__Output | null);
  /**
   * Evidence (an e-value) that the version's log-loss is lower.
   */
  'better': (number);
  /**
   * That it is higher.
   */
  'worse': (number);
  /**
   * That it is not lower by what is worth having.
   */
  'not_worth_it': (number);
  /**
   * That its directions come true less often than it states.
   */
  'overconfident': (number);
}
