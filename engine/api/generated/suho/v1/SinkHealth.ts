// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

export interface SinkHealth {
  'name'?: (string);
  'healthy'?: (boolean);
  'lag_rows'?: (number | string | Long);
  'lag_seconds'?: (number | string);
  'error'?: (string);
  /**
   * Records the store refused; they are kept as dead letters and can be retried.
   */
  'dead_letters'?: (number | string | Long);
}

export interface SinkHealth__Output {
  'name': (string);
  'healthy': (boolean);
  'lag_rows': (string);
  'lag_seconds': (number);
  'error': (string);
  /**
   * Records the store refused; they are kept as dead letters and can be retried.
   */
  'dead_letters': (string);
}
