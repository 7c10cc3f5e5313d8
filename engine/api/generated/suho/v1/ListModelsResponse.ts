// Original file: proto/suho/v1/models.proto

import type { Model as _suho_v1_Model, Model__Output as _suho_v1_Model__Output } from '../../suho/v1/Model.js';

/**
 * Models a caller sees.
 */
export interface ListModelsResponse {
  /**
   * By name, the platform's first.
   */
  'models'?: (_suho_v1_Model)[];
}

/**
 * Models a caller sees.
 */
export interface ListModelsResponse__Output {
  /**
   * By name, the platform's first.
   */
  'models': (_suho_v1_Model__Output)[];
}
