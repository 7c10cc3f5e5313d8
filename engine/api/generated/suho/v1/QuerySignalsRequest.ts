// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Which stored signals to read.
 */
export interface QuerySignalsRequest {
  /**
   * Symbols, e.g. EURUSD or EUR/USD; at most 1000; all symbols when empty.
   */
  'symbols'?: (string)[];
  /**
   * Timeframes; all when empty.
   */
  'timeframes'?: (_suho_v1_Timeframe)[];
  /**
   * Only signals on bars that closed at or after this, epoch milliseconds UTC; from the oldest on when absent.
   */
  'from_time'?: (number | string | Long);
  /**
   * Only signals on bars that closed before this, epoch milliseconds UTC; to the newest when absent.
   */
  'to_time'?: (number | string | Long);
  /**
   * Leave out signals that abstain.
   */
  'only_actionable'?: (boolean);
  /**
   * Signals of one page, 1 to 1000; 100 when 0.
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
 * Which stored signals to read.
 */
export interface QuerySignalsRequest__Output {
  /**
   * Symbols, e.g. EURUSD or EUR/USD; at most 1000; all symbols when empty.
   */
  'symbols': (string)[];
  /**
   * Timeframes; all when empty.
   */
  'timeframes': (_suho_v1_Timeframe__Output)[];
  /**
   * Only signals on bars that closed at or after this, epoch milliseconds UTC; from the oldest on when absent.
   */
  'from_time'?: (string);
  /**
   * Only signals on bars that closed before this, epoch milliseconds UTC; to the newest when absent.
   */
  'to_time'?: (string);
  /**
   * Leave out signals that abstain.
   */
  'only_actionable': (boolean);
  /**
   * Signals of one page, 1 to 1000; 100 when 0.
   */
  'page_size': (number);
  /**
   * `next_page_token` of the page before, with the other fields as they were; empty for the first page.
   */
  'page_token': (string);
}
