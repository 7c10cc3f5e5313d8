// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Which anomalous moments to list.
 */
export interface ListAnomaliesRequest {
  /**
   * Symbols, e.g. EURUSD or EUR/USD; at most 1000; all symbols when empty.
   */
  'symbols'?: (string)[];
  /**
   * Timeframes; all when empty.
   */
  'timeframes'?: (_suho_v1_Timeframe)[];
  /**
   * Only bars that closed at or after this, epoch milliseconds UTC; from the oldest on when absent.
   */
  'from_time'?: (number | string | Long);
  /**
   * Only bars that closed before this, epoch milliseconds UTC; to the newest when absent.
   */
  'to_time'?: (number | string | Long);
  /**
   * Only moments with a higher anomaly score; the tenant's gate `maxAnomaly` when 0.
   */
  'above'?: (number | string);
  /**
   * Moments of one page, 1 to 1000; 100 when 0.
   */
  'page_size'?: (number);
  /**
   * `next_page_token` of the page before, with the other fields as they were; empty for the first page.
   */
  'page_token'?: (string);
  '_from_time'?: "from_time";
  '_to_time'?: "to_time";
}

/**
 * Which anomalous moments to list.
 */
export interface ListAnomaliesRequest__Output {
  /**
   * Symbols, e.g. EURUSD or EUR/USD; at most 1000; all symbols when empty.
   */
  'symbols': (string)[];
  /**
   * Timeframes; all when empty.
   */
  'timeframes': (_suho_v1_Timeframe__Output)[];
  /**
   * Only bars that closed at or after this, epoch milliseconds UTC; from the oldest on when absent.
   */
  'from_time'?: (string);
  /**
   * Only bars that closed before this, epoch milliseconds UTC; to the newest when absent.
   */
  'to_time'?: (string);
  /**
   * Only moments with a higher anomaly score; the tenant's gate `maxAnomaly` when 0.
   */
  'above': (number);
  /**
   * Moments of one page, 1 to 1000; 100 when 0.
   */
  'page_size': (number);
  /**
   * `next_page_token` of the page before, with the other fields as they were; empty for the first page.
   */
  'page_token': (string);
}
