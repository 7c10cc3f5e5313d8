// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Which dead letters to drop.
 */
export interface DiscardDeadLettersRequest {
  /**
   * A sink or an actor.
   */
  'name'?: (string);
  /**
   * Only this letter; a page of the letters of that name when absent.
   */
  'key'?: (number | string | Long);
  /**
   * Continue after this key: `next_after` of the page before.
   */
  'after'?: (number | string | Long);
  '_key'?: "key";
}

/**
 * Which dead letters to drop.
 */
export interface DiscardDeadLettersRequest__Output {
  /**
   * A sink or an actor.
   */
  'name': (string);
  /**
   * Only this letter; a page of the letters of that name when absent.
   */
  'key'?: (string);
  /**
   * Continue after this key: `next_after` of the page before.
   */
  'after': (string);
}
