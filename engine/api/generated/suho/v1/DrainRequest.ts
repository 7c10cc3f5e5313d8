// Original file: proto/suho/v1/operations.proto


/**
 * Whether to drain.
 */
export interface DrainRequest {
  /**
   * Take input again instead.
   */
  'resume'?: (boolean);
  /**
   * How long to wait for the stores, seconds; 60 when 0, 3600 at most.
   */
  'wait_seconds'?: (number);
}

/**
 * Whether to drain.
 */
export interface DrainRequest__Output {
  /**
   * Take input again instead.
   */
  'resume': (boolean);
  /**
   * How long to wait for the stores, seconds; 60 when 0, 3600 at most.
   */
  'wait_seconds': (number);
}
