// Original file: proto/suho/v1/suho.proto


/**
 * How long a stage of a bar's way took lately.
 */
export interface StageLatency {
  /**
   * `accept`: from a request to its acknowledgement. `queue`: from acceptance until models are asked. `inference` and
   * `patterns`: until they answered. `commit`: from the conclusion until it is durable and sent. `total`: from acceptance to
   * there.
   */
  'stage'?: (string);
  /**
   * Bars, or requests, that went through it.
   */
  'count'?: (number);
  /**
   * Median, milliseconds.
   */
  'p50_ms'?: (number | string);
  /**
   * 99th percentile, milliseconds.
   */
  'p99_ms'?: (number | string);
  /**
   * Longest, milliseconds.
   */
  'max_ms'?: (number | string);
}

/**
 * How long a stage of a bar's way took lately.
 */
export interface StageLatency__Output {
  /**
   * `accept`: from a request to its acknowledgement. `queue`: from acceptance until models are asked. `inference` and
   * `patterns`: until they answered. `commit`: from the conclusion until it is durable and sent. `total`: from acceptance to
   * there.
   */
  'stage': (string);
  /**
   * Bars, or requests, that went through it.
   */
  'count': (number);
  /**
   * Median, milliseconds.
   */
  'p50_ms': (number);
  /**
   * 99th percentile, milliseconds.
   */
  'p99_ms': (number);
  /**
   * Longest, milliseconds.
   */
  'max_ms': (number);
}
