// Original file: proto/suho/v1/training.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelTrainingJobRequest as _suho_v1_CancelTrainingJobRequest, CancelTrainingJobRequest__Output as _suho_v1_CancelTrainingJobRequest__Output } from '../../suho/v1/CancelTrainingJobRequest.js';
import type { CancelTrainingJobResponse as _suho_v1_CancelTrainingJobResponse, CancelTrainingJobResponse__Output as _suho_v1_CancelTrainingJobResponse__Output } from '../../suho/v1/CancelTrainingJobResponse.js';
import type { ListTrainingJobsRequest as _suho_v1_ListTrainingJobsRequest, ListTrainingJobsRequest__Output as _suho_v1_ListTrainingJobsRequest__Output } from '../../suho/v1/ListTrainingJobsRequest.js';
import type { ListTrainingJobsResponse as _suho_v1_ListTrainingJobsResponse, ListTrainingJobsResponse__Output as _suho_v1_ListTrainingJobsResponse__Output } from '../../suho/v1/ListTrainingJobsResponse.js';
import type { RetrainSeriesRequest as _suho_v1_RetrainSeriesRequest, RetrainSeriesRequest__Output as _suho_v1_RetrainSeriesRequest__Output } from '../../suho/v1/RetrainSeriesRequest.js';
import type { RetrainSeriesResponse as _suho_v1_RetrainSeriesResponse, RetrainSeriesResponse__Output as _suho_v1_RetrainSeriesResponse__Output } from '../../suho/v1/RetrainSeriesResponse.js';

export interface TrainingServiceDefinition {
  CancelTrainingJob: MethodDefinition<_suho_v1_CancelTrainingJobRequest, _suho_v1_CancelTrainingJobResponse, _suho_v1_CancelTrainingJobRequest__Output, _suho_v1_CancelTrainingJobResponse__Output>
  ListTrainingJobs: MethodDefinition<_suho_v1_ListTrainingJobsRequest, _suho_v1_ListTrainingJobsResponse, _suho_v1_ListTrainingJobsRequest__Output, _suho_v1_ListTrainingJobsResponse__Output>
  RetrainSeries: MethodDefinition<_suho_v1_RetrainSeriesRequest, _suho_v1_RetrainSeriesResponse, _suho_v1_RetrainSeriesRequest__Output, _suho_v1_RetrainSeriesResponse__Output>
}
