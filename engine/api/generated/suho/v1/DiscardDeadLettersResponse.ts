// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

export interface DiscardDeadLettersResponse {
  'discarded'?: (number);
  /**
   * Absent on the last page.
   */
  'next_after'?: (number | string | Long);
  '_next_after'?: "next_after";
}

export interface DiscardDeadLettersResponse__Output {
  'discarded': (number);
  /**
   * Absent on the last page.
   */
  'next_after'?: (string);
}
