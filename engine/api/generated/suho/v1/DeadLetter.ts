// Original file: proto/suho/v1/suho.proto

import type { DeadLetterSource as _suho_v1_DeadLetterSource, DeadLetterSource__Output as _suho_v1_DeadLetterSource__Output } from '../../suho/v1/DeadLetterSource.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A message or record that could not be handled.
 */
export interface DeadLetter {
  /**
   * Of this letter alone; later letters have higher keys.
   */
  'key'?: (number | string | Long);
  /**
   * Whether an actor or a store failed at it.
   */
  'source'?: (_suho_v1_DeadLetterSource);
  /**
   * Name of the sink, or id of the actor.
   */
  'name'?: (string);
  /**
   * Tenant it belongs to; `platform` for shared data.
   */
  'tenant_id'?: (string);
  /**
   * An instrument, a prediction id, a row.
   */
  'about'?: (string);
  /**
   * What the actor or store said.
   */
  'error'?: (string);
  /**
   * When it failed, epoch milliseconds UTC.
   */
  'time'?: (number | string | Long);
}

/**
 * A message or record that could not be handled.
 */
export interface DeadLetter__Output {
  /**
   * Of this letter alone; later letters have higher keys.
   */
  'key': (string);
  /**
   * Whether an actor or a store failed at it.
   */
  'source': (_suho_v1_DeadLetterSource__Output);
  /**
   * Name of the sink, or id of the actor.
   */
  'name': (string);
  /**
   * Tenant it belongs to; `platform` for shared data.
   */
  'tenant_id': (string);
  /**
   * An instrument, a prediction id, a row.
   */
  'about': (string);
  /**
   * What the actor or store said.
   */
  'error': (string);
  /**
   * When it failed, epoch milliseconds UTC.
   */
  'time': (string);
}
