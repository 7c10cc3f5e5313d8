// Original file: proto/suho/v1/training.proto


/**
 * Which trainings to list.
 */
export interface ListTrainingJobsRequest {
  /**
   * Whether only those that wait or run are listed.
   */
  'open_only'?: (boolean);
}

/**
 * Which trainings to list.
 */
export interface ListTrainingJobsRequest__Output {
  /**
   * Whether only those that wait or run are listed.
   */
  'open_only': (boolean);
}
