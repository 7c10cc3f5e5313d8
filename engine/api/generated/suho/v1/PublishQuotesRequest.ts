// Original file: proto/suho/v1/suho.proto

import type { Quote as _suho_v1_Quote, Quote__Output as _suho_v1_Quote__Output } from '../../suho/v1/Quote.js';
import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Quotes to take.
 */
export interface PublishQuotesRequest {
  /**
   * Given back in the acknowledgement; the client's own.
   */
  'request_id'?: (number | string | Long);
  /**
   * Symbol, e.g. EURUSD or EUR/USD.
   */
  'symbol'?: (string);
  /**
   * Oldest first, 1 to 1000.
   */
  'quotes'?: (_suho_v1_Quote)[];
  /**
   * Timeframes to make signals for; the base timeframe (`bars.base`) when empty.
   */
  'signal_timeframes'?: (_suho_v1_Timeframe)[];
}

/**
 * Quotes to take.
 */
export interface PublishQuotesRequest__Output {
  /**
   * Given back in the acknowledgement; the client's own.
   */
  'request_id': (string);
  /**
   * Symbol, e.g. EURUSD or EUR/USD.
   */
  'symbol': (string);
  /**
   * Oldest first, 1 to 1000.
   */
  'quotes': (_suho_v1_Quote__Output)[];
  /**
   * Timeframes to make signals for; the base timeframe (`bars.base`) when empty.
   */
  'signal_timeframes': (_suho_v1_Timeframe__Output)[];
}
