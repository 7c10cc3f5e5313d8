// Original file: proto/suho/v1/models.proto

import type { ModelRef as _suho_v1_ModelRef, ModelRef__Output as _suho_v1_ModelRef__Output } from '../../suho/v1/ModelRef.js';
import type { ModelChange as _suho_v1_ModelChange, ModelChange__Output as _suho_v1_ModelChange__Output } from '../../suho/v1/ModelChange.js';

/**
 * What to do to a model.
 */
export interface ChangeModelRequest {
  /**
   * The version.
   */
  'model'?: (_suho_v1_ModelRef | null);
  /**
   * What.
   */
  'change'?: (_suho_v1_ModelChange);
  /**
   * As a canary or in an A/B test, between 0 and 1; 0.1 and 0.5 when 0.
   */
  'share'?: (number | string);
  /**
   * How long an A/B test goes on at most; 30 when 0.
   */
  'days'?: (number | string);
  /**
   * As a shadow or canary: outcomes move it on or out by themselves, as they do for a retrained model.
   */
  'automatic'?: (boolean);
  /**
   * For the record, 1 to 500 characters.
   */
  'reason'?: (string);
}

/**
 * What to do to a model.
 */
export interface ChangeModelRequest__Output {
  /**
   * The version.
   */
  'model': (_suho_v1_ModelRef__Output | null);
  /**
   * What.
   */
  'change': (_suho_v1_ModelChange__Output);
  /**
   * As a canary or in an A/B test, between 0 and 1; 0.1 and 0.5 when 0.
   */
  'share': (number);
  /**
   * How long an A/B test goes on at most; 30 when 0.
   */
  'days': (number);
  /**
   * As a shadow or canary: outcomes move it on or out by themselves, as they do for a retrained model.
   */
  'automatic': (boolean);
  /**
   * For the record, 1 to 500 characters.
   */
  'reason': (string);
}
