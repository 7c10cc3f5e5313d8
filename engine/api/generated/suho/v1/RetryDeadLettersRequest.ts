// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

export interface RetryDeadLettersRequest {
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

export interface RetryDeadLettersRequest__Output {
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
