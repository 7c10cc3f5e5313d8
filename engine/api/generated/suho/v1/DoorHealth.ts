// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * What comes in beside what can be done: no more rows are let in than were concluded in half a deadline lately.
 */
export interface DoorHealth {
  /**
   * Requests that wait.
   */
  'waiting'?: (number);
  /**
   * Requests that had to wait since start.
   */
  'waited'?: (number | string | Long);
  /**
   * Requests that waited too long and were refused as OVERLOADED since start.
   */
  'refused'?: (number | string | Long);
  /**
   * Rows that may be in work at once.
   */
  'rows_max'?: (number);
}

/**
 * What comes in beside what can be done: no more rows are let in than were concluded in half a deadline lately.
 */
export interface DoorHealth__Output {
  /**
   * Requests that wait.
   */
  'waiting': (number);
  /**
   * Requests that had to wait since start.
   */
  'waited': (string);
  /**
   * Requests that waited too long and were refused as OVERLOADED since start.
   */
  'refused': (string);
  /**
   * Rows that may be in work at once.
   */
  'rows_max': (number);
}
