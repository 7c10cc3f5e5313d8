// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Which records to write again.
 */
export interface RetryDeadLettersRequest {
  /**
   * Name of the store, as GetHealth gives it.
   */
  'sink'?: (string);
  /**
   * Only this letter; a page of the sink's letters when absent.
   */
  'key'?: (number | string | Long);
  /**
   * Continue after this key: `next_after` of the page before.
   */
  'after'?: (number | string | Long);
  '_key'?: "key";
}

/**
 * Which records to write again.
 */
export interface RetryDeadLettersRequest__Output {
  /**
   * Name of the store, as GetHealth gives it.
   */
  'sink': (string);
  /**
   * Only this letter; a page of the sink's letters when absent.
   */
  'key'?: (string);
  /**
   * Continue after this key: `next_after` of the page before.
   */
  'after': (string);
}
