// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * What became of a page of retried records.
 */
export interface RetryDeadLettersResponse {
  /**
   * Records the store has taken: they are dead letters no more.
   */
  'written'?: (number);
  /**
   * Records the store refused again, and those that wait for an earlier letter about the same; they stay.
   */
  'refused'?: (number);
  /**
   * Absent on the last page.
   */
  'next_after'?: (number | string | Long);
  '_next_after'?: "next_after";
}

/**
 * What became of a page of retried records.
 */
export interface RetryDeadLettersResponse__Output {
  /**
   * Records the store has taken: they are dead letters no more.
   */
  'written': (number);
  /**
   * Records the store refused again, and those that wait for an earlier letter about the same; they stay.
   */
  'refused': (number);
  /**
   * Absent on the last page.
   */
  'next_after'?: (string);
}
