// Original file: proto/suho/v1/suho.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { DiscardDeadLettersRequest as _suho_v1_DiscardDeadLettersRequest, DiscardDeadLettersRequest__Output as _suho_v1_DiscardDeadLettersRequest__Output } from '../../suho/v1/DiscardDeadLettersRequest.js';
import type { DiscardDeadLettersResponse as _suho_v1_DiscardDeadLettersResponse, DiscardDeadLettersResponse__Output as _suho_v1_DiscardDeadLettersResponse__Output } from '../../suho/v1/DiscardDeadLettersResponse.js';
import type { EngineHealth as _suho_v1_EngineHealth, EngineHealth__Output as _suho_v1_EngineHealth__Output } from '../../suho/v1/EngineHealth.js';
import type { GetHealthRequest as _suho_v1_GetHealthRequest, GetHealthRequest__Output as _suho_v1_GetHealthRequest__Output } from '../../suho/v1/GetHealthRequest.js';
import type { ListDeadLettersRequest as _suho_v1_ListDeadLettersRequest, ListDeadLettersRequest__Output as _suho_v1_ListDeadLettersRequest__Output } from '../../suho/v1/ListDeadLettersRequest.js';
import type { ListDeadLettersResponse as _suho_v1_ListDeadLettersResponse, ListDeadLettersResponse__Output as _suho_v1_ListDeadLettersResponse__Output } from '../../suho/v1/ListDeadLettersResponse.js';
import type { RetryDeadLettersRequest as _suho_v1_RetryDeadLettersRequest, RetryDeadLettersRequest__Output as _suho_v1_RetryDeadLettersRequest__Output } from '../../suho/v1/RetryDeadLettersRequest.js';
import type { RetryDeadLettersResponse as _suho_v1_RetryDeadLettersResponse, RetryDeadLettersResponse__Output as _suho_v1_RetryDeadLettersResponse__Output } from '../../suho/v1/RetryDeadLettersResponse.js';

export interface EngineServiceDefinition {
  DiscardDeadLetters: MethodDefinition<_suho_v1_DiscardDeadLettersRequest, _suho_v1_DiscardDeadLettersResponse, _suho_v1_DiscardDeadLettersRequest__Output, _suho_v1_DiscardDeadLettersResponse__Output>
  GetHealth: MethodDefinition<_suho_v1_GetHealthRequest, _suho_v1_EngineHealth, _suho_v1_GetHealthRequest__Output, _suho_v1_EngineHealth__Output>
  ListDeadLetters: MethodDefinition<_suho_v1_ListDeadLettersRequest, _suho_v1_ListDeadLettersResponse, _suho_v1_ListDeadLettersRequest__Output, _suho_v1_ListDeadLettersResponse__Output>
  RetryDeadLetters: MethodDefinition<_suho_v1_RetryDeadLettersRequest, _suho_v1_RetryDeadLettersResponse, _suho_v1_RetryDeadLettersRequest__Output, _suho_v1_RetryDeadLettersResponse__Output>
}
