// Original file: proto/suho/v1/features.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetFeaturesRequest as _suho_v1_GetFeaturesRequest, GetFeaturesRequest__Output as _suho_v1_GetFeaturesRequest__Output } from '../../suho/v1/GetFeaturesRequest.js';
import type { GetFeaturesResponse as _suho_v1_GetFeaturesResponse, GetFeaturesResponse__Output as _suho_v1_GetFeaturesResponse__Output } from '../../suho/v1/GetFeaturesResponse.js';

export interface FeatureServiceDefinition {
  GetFeatures: MethodDefinition<_suho_v1_GetFeaturesRequest, _suho_v1_GetFeaturesResponse, _suho_v1_GetFeaturesRequest__Output, _suho_v1_GetFeaturesResponse__Output>
}
