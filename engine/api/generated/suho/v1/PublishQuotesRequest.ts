// Original file: proto/suho/v1/suho.proto

import type { Quote as _suho_v1_Quote, Quote__Output as _suho_v1_Quote__Output } from '../../suho/v1/Quote.js';
import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { Long } from '@grpc/proto-loader';

export interface PublishQuotesRequest {
  'request_id'?: (number | string | Long);
  'symbol'?: (string);
  /**
   * Oldest first, 1 to 1000.
   */
  'quotes'?: (_suho_v1_Quote)[];
  'signal_timeframes'?: (_suho_v1_Timeframe)[];
}

export interface PublishQuotesRequest__Output {
  'request_id': (string);
  'symbol': (string);
  /**
   * Oldest first, 1 to 1000.
   */
  'quotes': (_suho_v1_Quote__Output)[];
  'signal_timeframes': (_suho_v1_Timeframe__Output)[];
}
