// Original file: proto/suho/v1/suho.proto

import type { ModelRef as _suho_v1_ModelRef, ModelRef__Output as _suho_v1_ModelRef__Output } from '../../suho/v1/ModelRef.js';

export interface GetModelRequest {
  'model'?: (_suho_v1_ModelRef | null);
}

export interface GetModelRequest__Output {
  'model': (_suho_v1_ModelRef__Output | null);
}
