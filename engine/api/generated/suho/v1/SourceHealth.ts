// Original file: proto/suho/v1/suho.proto


/**
 * A server that the engine takes something from.
 */
export interface SourceHealth {
  /**
   * Its name, e.g. `nats` or `artifacts`.
   */
  'name'?: (string);
  /**
   * Whether it is connected.
   */
  'healthy'?: (boolean);
  /**
   * Why not.
   */
  'error'?: (string);
}

/**
 * A server that the engine takes something from.
 */
export interface SourceHealth__Output {
  /**
   * Its name, e.g. `nats` or `artifacts`.
   */
  'name': (string);
  /**
   * Whether it is connected.
   */
  'healthy': (boolean);
  /**
   * Why not.
   */
  'error': (string);
}
