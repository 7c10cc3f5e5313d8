// Original file: proto/suho/v1/models.proto

import type { TrialCondition as _suho_v1_TrialCondition, TrialCondition__Output as _suho_v1_TrialCondition__Output } from '../../suho/v1/TrialCondition.js';

/**
 * A way in which a trial goes on or ends, as soon as all its conditions hold.
 */
export interface TrialOutcome {
  /**
   * What happens then, such as "v1.0.3 becomes production".
   */
  'outcome'?: (string);
  /**
   * All must hold.
   */
  'conditions'?: (_suho_v1_TrialCondition)[];
}

/**
 * A way in which a trial goes on or ends, as soon as all its conditions hold.
 */
export interface TrialOutcome__Output {
  /**
   * What happens then, such as "v1.0.3 becomes production".
   */
  'outcome': (string);
  /**
   * All must hold.
   */
  'conditions': (_suho_v1_TrialCondition__Output)[];
}
