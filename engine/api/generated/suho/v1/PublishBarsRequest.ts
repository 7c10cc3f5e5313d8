// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { Bar as _suho_v1_Bar, Bar__Output as _suho_v1_Bar__Output } from '../../suho/v1/Bar.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Bars to take, all or each for itself: what became of each row is in the acknowledgement.
 */
export interface PublishBarsRequest {
  /**
   * Given back in the acknowledgement; the client's own.
   */
  'request_id'?: (number | string | Long);
  /**
   * Symbol, e.g. EURUSD or EUR/USD: 2 to 24 letters, digits, dots, dashes or underscores.
   */
  'symbol'?: (string);
  /**
   * Timeframe of the bars.
   */
  'timeframe'?: (_suho_v1_Timeframe);
  /**
   * Oldest first, 1 to 1000.
   */
  'bars'?: (_suho_v1_Bar)[];
  /**
   * Timeframes to make signals for; the bars' own when empty.
   */
  'signal_timeframes'?: (_suho_v1_Timeframe)[];
}

/**
 * Bars to take, all or each for itself: what became of each row is in the acknowledgement.
 */
export interface PublishBarsRequest__Output {
  /**
   * Given back in the acknowledgement; the client's own.
   */
  'request_id': (string);
  /**
   * Symbol, e.g. EURUSD or EUR/USD: 2 to 24 letters, digits, dots, dashes or underscores.
   */
  'symbol': (string);
  /**
   * Timeframe of the bars.
   */
  'timeframe': (_suho_v1_Timeframe__Output);
  /**
   * Oldest first, 1 to 1000.
   */
  'bars': (_suho_v1_Bar__Output)[];
  /**
   * Timeframes to make signals for; the bars' own when empty.
   */
  'signal_timeframes': (_suho_v1_Timeframe__Output)[];
}
