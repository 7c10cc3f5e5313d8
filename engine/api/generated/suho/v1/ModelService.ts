// Original file: proto/suho/v1/models.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { ChangeModelRequest as _suho_v1_ChangeModelRequest, ChangeModelRequest__Output as _suho_v1_ChangeModelRequest__Output } from '../../suho/v1/ChangeModelRequest.js';
import type { CompareModelsRequest as _suho_v1_CompareModelsRequest, CompareModelsRequest__Output as _suho_v1_CompareModelsRequest__Output } from '../../suho/v1/CompareModelsRequest.js';
import type { DiffModelsRequest as _suho_v1_DiffModelsRequest, DiffModelsRequest__Output as _suho_v1_DiffModelsRequest__Output } from '../../suho/v1/DiffModelsRequest.js';
import type { DiffModelsResponse as _suho_v1_DiffModelsResponse, DiffModelsResponse__Output as _suho_v1_DiffModelsResponse__Output } from '../../suho/v1/DiffModelsResponse.js';
import type { GetModelRequest as _suho_v1_GetModelRequest, GetModelRequest__Output as _suho_v1_GetModelRequest__Output } from '../../suho/v1/GetModelRequest.js';
import type { ListExperimentsRequest as _suho_v1_ListExperimentsRequest, ListExperimentsRequest__Output as _suho_v1_ListExperimentsRequest__Output } from '../../suho/v1/ListExperimentsRequest.js';
import type { ListExperimentsResponse as _suho_v1_ListExperimentsResponse, ListExperimentsResponse__Output as _suho_v1_ListExperimentsResponse__Output } from '../../suho/v1/ListExperimentsResponse.js';
import type { ListModelsRequest as _suho_v1_ListModelsRequest, ListModelsRequest__Output as _suho_v1_ListModelsRequest__Output } from '../../suho/v1/ListModelsRequest.js';
import type { ListModelsResponse as _suho_v1_ListModelsResponse, ListModelsResponse__Output as _suho_v1_ListModelsResponse__Output } from '../../suho/v1/ListModelsResponse.js';
import type { Model as _suho_v1_Model, Model__Output as _suho_v1_Model__Output } from '../../suho/v1/Model.js';
import type { ModelComparison as _suho_v1_ModelComparison, ModelComparison__Output as _suho_v1_ModelComparison__Output } from '../../suho/v1/ModelComparison.js';
import type { ModelDetails as _suho_v1_ModelDetails, ModelDetails__Output as _suho_v1_ModelDetails__Output } from '../../suho/v1/ModelDetails.js';

export interface ModelServiceDefinition {
  ChangeModel: MethodDefinition<_suho_v1_ChangeModelRequest, _suho_v1_Model, _suho_v1_ChangeModelRequest__Output, _suho_v1_Model__Output>
  CompareModels: MethodDefinition<_suho_v1_CompareModelsRequest, _suho_v1_ModelComparison, _suho_v1_CompareModelsRequest__Output, _suho_v1_ModelComparison__Output>
  DiffModels: MethodDefinition<_suho_v1_DiffModelsRequest, _suho_v1_DiffModelsResponse, _suho_v1_DiffModelsRequest__Output, _suho_v1_DiffModelsResponse__Output>
  GetModel: MethodDefinition<_suho_v1_GetModelRequest, _suho_v1_ModelDetails, _suho_v1_GetModelRequest__Output, _suho_v1_ModelDetails__Output>
  ListExperiments: MethodDefinition<_suho_v1_ListExperimentsRequest, _suho_v1_ListExperimentsResponse, _suho_v1_ListExperimentsRequest__Output, _suho_v1_ListExperimentsResponse__Output>
  ListModels: MethodDefinition<_suho_v1_ListModelsRequest, _suho_v1_ListModelsResponse, _suho_v1_ListModelsRequest__Output, _suho_v1_ListModelsResponse__Output>
}
