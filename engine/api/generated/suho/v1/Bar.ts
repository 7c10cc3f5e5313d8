// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

export interface Bar {
  /**
   * Epoch milliseconds UTC.
   */
  'open_time'?: (number | string | Long);
  'open'?: (number | string);
  'high'?: (number | string);
  'low'?: (number | string);
  'close'?: (number | string);
  'volume'?: (number | string);
  'tick_count'?: (number | string);
  'bid'?: (number | string);
  'ask'?: (number | string);
  '_volume'?: "volume";
  '_tick_count'?: "tick_count";
  '_bid'?: "bid";
  '_ask'?: "ask";
}

export interface Bar__Output {
  /**
   * Epoch milliseconds UTC.
   */
  'open_time': (string);
  'open': (number);
  'high': (number);
  'low': (number);
  'close': (number);
  'volume'?: (number);
  'tick_count'?: (number);
  'bid'?: (number);
  'ask'?: (number);
}
