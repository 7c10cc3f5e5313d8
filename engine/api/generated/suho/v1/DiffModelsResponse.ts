// Original file: proto/suho/v1/suho.proto

import type { ModelDifference as _suho_v1_ModelDifference, ModelDifference__Output as _suho_v1_ModelDifference__Output } from '../../suho/v1/ModelDifference.js';

export interface DiffModelsResponse {
  'differences'?: (_suho_v1_ModelDifference)[];
}

export interface DiffModelsResponse__Output {
  'differences': (_suho_v1_ModelDifference__Output)[];
}
