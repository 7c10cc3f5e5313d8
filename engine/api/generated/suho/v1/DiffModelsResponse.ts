// Original file: proto/suho/v1/models.proto

import type { ModelDifference as _suho_v1_ModelDifference, ModelDifference__Output as _suho_v1_ModelDifference__Output } from '../../suho/v1/ModelDifference.js';

/**
 * What differs between two versions.
 */
export interface DiffModelsResponse {
  /**
   * Only what differs.
   */
  'differences'?: (_suho_v1_ModelDifference)[];
}

/**
 * What differs between two versions.
 */
export interface DiffModelsResponse__Output {
  /**
   * Only what differs.
   */
  'differences': (_suho_v1_ModelDifference__Output)[];
}
