// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

export interface Quote {
  'ts'?: (number | string | Long);
  'bid'?: (number | string);
  'ask'?: (number | string);
  'bid_size'?: (number | string);
  'ask_size'?: (number | string);
  '_bid_size'?: "bid_size";
  '_ask_size'?: "ask_size";
}

export interface Quote__Output {
  'ts': (string);
  'bid': (number);
  'ask': (number);
  'bid_size'?: (number);
  'ask_size'?: (number);
}
