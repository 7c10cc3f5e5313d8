// Original file: proto/suho/v1/models.proto

import type { ModelRef as _suho_v1_ModelRef, ModelRef__Output as _suho_v1_ModelRef__Output } from '../../suho/v1/ModelRef.js';

/**
 * Which versions to compare.
 */
export interface CompareModelsRequest {
  /**
   * The version.
   */
  'model'?: (_suho_v1_ModelRef | null);
  /**
   * Version of the same name that it is compared with, from whatever level the caller sees.
   */
  'against'?: (string);
}

/**
 * Which versions to compare.
 */
export interface CompareModelsRequest__Output {
  /**
   * The version.
   */
  'model': (_suho_v1_ModelRef__Output | null);
  /**
   * Version of the same name that it is compared with, from whatever level the caller sees.
   */
  'against': (string);
}
