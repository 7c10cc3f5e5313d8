// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * A store that reads the journal at its own offset.
 */
export interface SinkHealth {
  /**
   * `features`, `predictions`, `patterns`, `nats` or `redis`.
   */
  'name'?: (string);
  /**
   * Whether it accepts writes.
   */
  'healthy'?: (boolean);
  /**
   * Journal entries it has not taken yet.
   */
  'lag_rows'?: (number | string | Long);
  /**
   * Age of the oldest of them, seconds.
   */
  'lag_seconds'?: (number | string);
  /**
   * What the store answered last, while it is not healthy.
   */
  'error'?: (string);
  /**
   * Records the store refused; they are kept as dead letters and can be retried.
   */
  'dead_letters'?: (number | string | Long);
}

/**
 * A store that reads the journal at its own offset.
 */
export interface SinkHealth__Output {
  /**
   * `features`, `predictions`, `patterns`, `nats` or `redis`.
   */
  'name': (string);
  /**
   * Whether it accepts writes.
   */
  'healthy': (boolean);
  /**
   * Journal entries it has not taken yet.
   */
  'lag_rows': (string);
  /**
   * Age of the oldest of them, seconds.
   */
  'lag_seconds': (number);
  /**
   * What the store answered last, while it is not healthy.
   */
  'error': (string);
  /**
   * Records the store refused; they are kept as dead letters and can be retried.
   */
  'dead_letters': (string);
}
