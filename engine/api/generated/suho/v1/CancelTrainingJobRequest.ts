// Original file: proto/suho/v1/training.proto


export interface CancelTrainingJobRequest {
  /**
   * Id of the job, as ListTrainingJobs gives it.
   */
  'job_id'?: (string);
}

export interface CancelTrainingJobRequest__Output {
  /**
   * Id of the job, as ListTrainingJobs gives it.
   */
  'job_id': (string);
}
