// Original file: proto/suho/v1/suho.proto

import type { Rejection as _suho_v1_Rejection, Rejection__Output as _suho_v1_Rejection__Output } from '../../suho/v1/Rejection.js';
import type { Long } from '@grpc/proto-loader';

export interface PublishAck {
  'request_id'?: (number | string | Long);
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
   * Rows that are not valid, with the reason: `not_finite`, `bad_time` and so on.
   */
  'rejected'?: (_suho_v1_Rejection)[];
  /**
   * Rows of a time the engine has with other values; the first stands.
   */
  'conflicts'?: (number);
  /**
   * Valid rows that were not applied, each with its reason: `duplicate`, `late` or `conflict`.
   */
  'skipped'?: (_suho_v1_Rejection)[];
}

export interface PublishAck__Output {
  'request_id': (string);
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
   * Rows that are not valid, with the reason: `not_finite`, `bad_time` and so on.
   */
  'rejected': (_suho_v1_Rejection__Output)[];
  /**
   * Rows of a time the engine has with other values; the first stands.
   */
  'conflicts': (number);
  /**
   * Valid rows that were not applied, each with its reason: `duplicate`, `late` or `conflict`.
   */
  'skipped': (_suho_v1_Rejection__Output)[];
}
