// Original file: proto/suho/v1/models.proto

import type { ModelRef as _suho_v1_ModelRef, ModelRef__Output as _suho_v1_ModelRef__Output } from '../../suho/v1/ModelRef.js';

/**
 * Which model to show.
 */
export interface GetModelRequest {
  /**
   * The version.
   */
  'model'?: (_suho_v1_ModelRef | null);
}

/**
 * Which model to show.
 */
export interface GetModelRequest__Output {
  /**
   * The version.
   */
  'model': (_suho_v1_ModelRef__Output | null);
}
