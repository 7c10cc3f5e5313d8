// Original file: proto/suho/v1/suho.proto

import type { DeadLetter as _suho_v1_DeadLetter, DeadLetter__Output as _suho_v1_DeadLetter__Output } from '../../suho/v1/DeadLetter.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A page of dead letters.
 */
export interface ListDeadLettersResponse {
  /**
   * Oldest first.
   */
  'letters'?: (_suho_v1_DeadLetter)[];
  /**
   * Absent on the last page. A page by name can be empty and not the last.
   */
  'next_after'?: (number | string | Long);
  '_next_after'?: "next_after";
}

/**
 * A page of dead letters.
 */
export interface ListDeadLettersResponse__Output {
  /**
   * Oldest first.
   */
  'letters': (_suho_v1_DeadLetter__Output)[];
  /**
   * Absent on the last page. A page by name can be empty and not the last.
   */
  'next_after'?: (string);
}
