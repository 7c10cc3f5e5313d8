// Original file: proto/suho/v1/operations.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { CreateBackupRequest as _suho_v1_CreateBackupRequest, CreateBackupRequest__Output as _suho_v1_CreateBackupRequest__Output } from '../../suho/v1/CreateBackupRequest.js';
import type { CreateBackupResponse as _suho_v1_CreateBackupResponse, CreateBackupResponse__Output as _suho_v1_CreateBackupResponse__Output } from '../../suho/v1/CreateBackupResponse.js';
import type { DrainRequest as _suho_v1_DrainRequest, DrainRequest__Output as _suho_v1_DrainRequest__Output } from '../../suho/v1/DrainRequest.js';
import type { DrainResponse as _suho_v1_DrainResponse, DrainResponse__Output as _suho_v1_DrainResponse__Output } from '../../suho/v1/DrainResponse.js';
import type { QueryStoreRequest as _suho_v1_QueryStoreRequest, QueryStoreRequest__Output as _suho_v1_QueryStoreRequest__Output } from '../../suho/v1/QueryStoreRequest.js';
import type { QueryStoreResponse as _suho_v1_QueryStoreResponse, QueryStoreResponse__Output as _suho_v1_QueryStoreResponse__Output } from '../../suho/v1/QueryStoreResponse.js';
import type { ReadFeatureRowsRequest as _suho_v1_ReadFeatureRowsRequest, ReadFeatureRowsRequest__Output as _suho_v1_ReadFeatureRowsRequest__Output } from '../../suho/v1/ReadFeatureRowsRequest.js';
import type { ReadFeatureRowsResponse as _suho_v1_ReadFeatureRowsResponse, ReadFeatureRowsResponse__Output as _suho_v1_ReadFeatureRowsResponse__Output } from '../../suho/v1/ReadFeatureRowsResponse.js';
import type { ReloadConfigRequest as _suho_v1_ReloadConfigRequest, ReloadConfigRequest__Output as _suho_v1_ReloadConfigRequest__Output } from '../../suho/v1/ReloadConfigRequest.js';
import type { ReloadConfigResponse as _suho_v1_ReloadConfigResponse, ReloadConfigResponse__Output as _suho_v1_ReloadConfigResponse__Output } from '../../suho/v1/ReloadConfigResponse.js';

export interface OperatorServiceDefinition {
  CreateBackup: MethodDefinition<_suho_v1_CreateBackupRequest, _suho_v1_CreateBackupResponse, _suho_v1_CreateBackupRequest__Output, _suho_v1_CreateBackupResponse__Output>
  Drain: MethodDefinition<_suho_v1_DrainRequest, _suho_v1_DrainResponse, _suho_v1_DrainRequest__Output, _suho_v1_DrainResponse__Output>
  QueryStore: MethodDefinition<_suho_v1_QueryStoreRequest, _suho_v1_QueryStoreResponse, _suho_v1_QueryStoreRequest__Output, _suho_v1_QueryStoreResponse__Output>
  ReadFeatureRows: MethodDefinition<_suho_v1_ReadFeatureRowsRequest, _suho_v1_ReadFeatureRowsResponse, _suho_v1_ReadFeatureRowsRequest__Output, _suho_v1_ReadFeatureRowsResponse__Output>
  ReloadConfig: MethodDefinition<_suho_v1_ReloadConfigRequest, _suho_v1_ReloadConfigResponse, _suho_v1_ReloadConfigRequest__Output, _suho_v1_ReloadConfigResponse__Output>
}
