// Original file: proto/suho/v1/suho.proto

import type { DeadLetterSource as _suho_v1_DeadLetterSource, DeadLetterSource__Output as _suho_v1_DeadLetterSource__Output } from '../../suho/v1/DeadLetterSource.js';
import type { Long } from '@grpc/proto-loader';

export interface DeadLetter {
  /**
   * Of this letter alone; later letters have higher keys.
   */
  'key'?: (number | string | Long);
  'source'?: (_suho_v1_DeadLetterSource);
  /**
   * Name of the sink, or id of the actor.
   */
  'name'?: (string);
  'tenant_id'?: (string);
  /**
   * An instrument, a prediction id, a row.
   */
  'about'?: (string);
  'error'?: (string);
  /**
   * When it failed, epoch milliseconds UTC.
   */
  'time'?: (number | string | Long);
}

export interface DeadLetter__Output {
  /**
   * Of this letter alone; later letters have higher keys.
   */
  'key': (string);
  'source': (_suho_v1_DeadLetterSource__Output);
  /**
   * Name of the sink, or id of the actor.
   */
  'name': (string);
  'tenant_id': (string);
  /**
   * An instrument, a prediction id, a row.
   */
  'about': (string);
  'error': (string);
  /**
   * When it failed, epoch milliseconds UTC.
   */
  'time': (string);
}
