// Original file: proto/suho/v1/suho.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { EngineHealth as _suho_v1_EngineHealth, EngineHealth__Output as _suho_v1_EngineHealth__Output } from '../../suho/v1/EngineHealth.js';
import type { GetHealthRequest as _suho_v1_GetHealthRequest, GetHealthRequest__Output as _suho_v1_GetHealthRequest__Output } from '../../suho/v1/GetHealthRequest.js';

export interface EngineServiceDefinition {
  GetHealth: MethodDefinition<_suho_v1_GetHealthRequest, _suho_v1_EngineHealth, _suho_v1_GetHealthRequest__Output, _suho_v1_EngineHealth__Output>
}
