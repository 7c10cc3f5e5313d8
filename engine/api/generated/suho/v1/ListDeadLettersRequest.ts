// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Which dead letters to list.
 */
export interface ListDeadLettersRequest {
  /**
   * A sink or an actor; all of them when empty.
   */
  'name'?: (string);
  /**
   * Continue after this key: `next_after` of the page before.
   */
  'after'?: (number | string | Long);
}

/**
 * Which dead letters to list.
 */
export interface ListDeadLettersRequest__Output {
  /**
   * A sink or an actor; all of them when empty.
   */
  'name': (string);
  /**
   * Continue after this key: `next_after` of the page before.
   */
  'after': (string);
}
