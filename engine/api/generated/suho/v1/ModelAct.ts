// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

export interface ModelAct {
  /**
   * Epoch milliseconds.
   */
  'time'?: (number | string | Long);
  'from_status'?: (string);
  'to_status'?: (string);
  'share'?: (number | string);
  'who'?: (string);
  'role'?: (string);
  'reason'?: (string);
}

export interface ModelAct__Output {
  /**
   * Epoch milliseconds.
   */
  'time': (string);
  'from_status': (string);
  'to_status': (string);
  'share': (number);
  'who': (string);
  'role': (string);
  'reason': (string);
}
