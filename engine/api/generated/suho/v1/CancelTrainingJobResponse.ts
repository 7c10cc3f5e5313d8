// Original file: proto/suho/v1/training.proto

import type { TrainingJob as _suho_v1_TrainingJob, TrainingJob__Output as _suho_v1_TrainingJob__Output } from '../../suho/v1/TrainingJob.js';

/**
 * The training as it is now.
 */
export interface CancelTrainingJobResponse {
  /**
   * The job as it is now.
   */
  'job'?: (_suho_v1_TrainingJob | null);
}

/**
 * The training as it is now.
 */
export interface CancelTrainingJobResponse__Output {
  /**
   * The job as it is now.
   */
  'job': (_suho_v1_TrainingJob__Output | null);
}
