// Original file: proto/suho/v1/models.proto

import type { ModelLevel as _suho_v1_ModelLevel, ModelLevel__Output as _suho_v1_ModelLevel__Output } from '../../suho/v1/ModelLevel.js';
import type { Long } from '@grpc/proto-loader';

/**
 * An experiment on record: an A/B test of two models, or a search for one.
 */
export interface Experiment {
  /**
   * Of an A/B test: the model's name and version, and when it began.
   */
  'name'?: (string);
  /**
   * Whose it is.
   */
  'level'?: (_suho_v1_ModelLevel);
  /**
   * Empty for the platform's.
   */
  'tenant_id'?: (string);
  /**
   * Empty unless it is one user's.
   */
  'user_id'?: (string);
  /**
   * Why it was begun.
   */
  'hypothesis'?: (string);
  /**
   * planned, running, stopped (by somebody or a guardrail) or concluded (by its evidence or its time).
   */
  'status'?: (string);
  /**
   * Epoch milliseconds; 0 before.
   */
  'started_at'?: (number | string | Long);
  /**
   * Epoch milliseconds; 0 before.
   */
  'concluded_at'?: (number | string | Long);
  /**
   * What is compared, JSON: of an A/B test its variants with version, file and share.
   */
  'arms'?: (string);
  /**
   * What it came to, JSON: of an A/B test the decision, the winner, the figures of both, the reason in a sentence.
   */
  'result'?: (string);
}

/**
 * An experiment on record: an A/B test of two models, or a search for one.
 */
export interface Experiment__Output {
  /**
   * Of an A/B test: the model's name and version, and when it began.
   */
  'name': (string);
  /**
   * Whose it is.
   */
  'level': (_suho_v1_ModelLevel__Output);
  /**
   * Empty for the platform's.
   */
  'tenant_id': (string);
  /**
   * Empty unless it is one user's.
   */
  'user_id': (string);
  /**
   * Why it was begun.
   */
  'hypothesis': (string);
  /**
   * planned, running, stopped (by somebody or a guardrail) or concluded (by its evidence or its time).
   */
  'status': (string);
  /**
   * Epoch milliseconds; 0 before.
   */
  'started_at': (string);
  /**
   * Epoch milliseconds; 0 before.
   */
  'concluded_at': (string);
  /**
   * What is compared, JSON: of an A/B test its variants with version, file and share.
   */
  'arms': (string);
  /**
   * What it came to, JSON: of an A/B test the decision, the winner, the figures of both, the reason in a sentence.
   */
  'result': (string);
}
