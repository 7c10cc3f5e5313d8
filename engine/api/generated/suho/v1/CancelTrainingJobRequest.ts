// Original file: proto/suho/v1/training.proto


/**
 * Which training to cancel.
 */
export interface CancelTrainingJobRequest {
  /**
   * Id of the job, as ListTrainingJobs gives it.
   */
  'job_id'?: (string);
}

/**
 * Which training to cancel.
 */
export interface CancelTrainingJobRequest__Output {
  /**
   * Id of the job, as ListTrainingJobs gives it.
   */
  'job_id': (string);
}
