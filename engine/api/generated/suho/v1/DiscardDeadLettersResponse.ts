// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * What became of a page of discarded letters.
 */
export interface DiscardDeadLettersResponse {
  /**
   * Dead letters dropped.
   */
  'discarded'?: (number);
  /**
   * Absent on the last page.
   */
  'next_after'?: (number | string | Long);
  '_next_after'?: "next_after";
}

/**
 * What became of a page of discarded letters.
 */
export interface DiscardDeadLettersResponse__Output {
  /**
   * Dead letters dropped.
   */
  'discarded': (number);
  /**
   * Absent on the last page.
   */
  'next_after'?: (string);
}
