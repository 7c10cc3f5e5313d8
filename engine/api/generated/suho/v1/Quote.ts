// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Best bid and ask at one moment.
 */
export interface Quote {
  /**
   * Epoch milliseconds UTC.
   */
  'ts'?: (number | string | Long);
  /**
   * Bid, in the quote currency; above 0.
   */
  'bid'?: (number | string);
  /**
   * Ask, in the quote currency; not below the bid.
   */
  'ask'?: (number | string);
  /**
   * Size at the bid, in the venue's unit; absent when unknown.
   */
  'bid_size'?: (number | string);
  /**
   * Size at the ask, in the venue's unit; absent when unknown.
   */
  'ask_size'?: (number | string);
  '_bid_size'?: "bid_size";
  '_ask_size'?: "ask_size";
}

/**
 * Best bid and ask at one moment.
 */
export interface Quote__Output {
  /**
   * Epoch milliseconds UTC.
   */
  'ts': (string);
  /**
   * Bid, in the quote currency; above 0.
   */
  'bid': (number);
  /**
   * Ask, in the quote currency; not below the bid.
   */
  'ask': (number);
  /**
   * Size at the bid, in the venue's unit; absent when unknown.
   */
  'bid_size'?: (number);
  /**
   * Size at the ask, in the venue's unit; absent when unknown.
   */
  'ask_size'?: (number);
}
