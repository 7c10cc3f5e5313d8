// Original file: proto/suho/v1/training.proto

import type { TrainingJob as _suho_v1_TrainingJob, TrainingJob__Output as _suho_v1_TrainingJob__Output } from '../../suho/v1/TrainingJob.js';

/**
 * The training that was queued.
 */
export interface RetrainSeriesResponse {
  /**
   * The jobs that were queued, or that wait or run already.
   */
  'jobs'?: (_suho_v1_TrainingJob)[];
}

/**
 * The training that was queued.
 */
export interface RetrainSeriesResponse__Output {
  /**
   * The jobs that were queued, or that wait or run already.
   */
  'jobs': (_suho_v1_TrainingJob__Output)[];
}
