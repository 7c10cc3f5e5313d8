// Original file: proto/suho/v1/suho.proto

import type { Model as _suho_v1_Model, Model__Output as _suho_v1_Model__Output } from '../../suho/v1/Model.js';

export interface ListModelsResponse {
  'models'?: (_suho_v1_Model)[];
}

export interface ListModelsResponse__Output {
  'models': (_suho_v1_Model__Output)[];
}
