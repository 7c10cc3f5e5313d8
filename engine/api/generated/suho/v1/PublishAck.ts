// Original file: proto/suho/v1/suho.proto

import type { Rejection as _suho_v1_Rejection, Rejection__Output as _suho_v1_Rejection__Output } from '../../suho/v1/Rejection.js';
import type { Long } from '@grpc/proto-loader';

/**
 * What became of the rows of one request. It is sent once what was accepted is durable.
 */
export interface PublishAck {
  /**
   * That of the request.
   */
  'request_id'?: (number | string | Long);
  /**
   * Rows that were applied.
   */
  'accepted'?: (number);
  /**
   * Rows the engine has already.
   */
  'duplicates'?: (number);
  /**
   * Rows older than the newest one taken.
   */
  'late'?: (number);
  /**
   * Rows that are not valid, with the reason.
   */
  'rejected'?: (_suho_v1_Rejection)[];
  /**
   * Rows of a time the engine has with other values; the first stands.
   */
  'conflicts'?: (number);
  /**
   * Valid rows that were not applied, each with its reason.
   */
  'skipped'?: (_suho_v1_Rejection)[];
}

/**
 * What became of the rows of one request. It is sent once what was accepted is durable.
 */
export interface PublishAck__Output {
  /**
   * That of the request.
   */
  'request_id': (string);
  /**
   * Rows that were applied.
   */
  'accepted': (number);
  /**
   * Rows the engine has already.
   */
  'duplicates': (number);
  /**
   * Rows older than the newest one taken.
   */
  'late': (number);
  /**
   * Rows that are not valid, with the reason.
   */
  'rejected': (_suho_v1_Rejection__Output)[];
  /**
   * Rows of a time the engine has with other values; the first stands.
   */
  'conflicts': (number);
  /**
   * Valid rows that were not applied, each with its reason.
   */
  'skipped': (_suho_v1_Rejection__Output)[];
}
