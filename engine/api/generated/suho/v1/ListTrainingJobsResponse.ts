// Original file: proto/suho/v1/training.proto

import type { TrainingJob as _suho_v1_TrainingJob, TrainingJob__Output as _suho_v1_TrainingJob__Output } from '../../suho/v1/TrainingJob.js';

/**
 * The trainings.
 */
export interface ListTrainingJobsResponse {
  /**
   * Newest first.
   */
  'jobs'?: (_suho_v1_TrainingJob)[];
}

/**
 * The trainings.
 */
export interface ListTrainingJobsResponse__Output {
  /**
   * Newest first.
   */
  'jobs': (_suho_v1_TrainingJob__Output)[];
}
