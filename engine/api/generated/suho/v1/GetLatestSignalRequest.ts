// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';

/**
 * Whose newest signal is asked for.
 */
export interface GetLatestSignalRequest {
  /**
   * Symbol, e.g. EURUSD or EUR/USD.
   */
  'symbol'?: (string);
  /**
   * Timeframe of its bars.
   */
  'timeframe'?: (_suho_v1_Timeframe);
}

/**
 * Whose newest signal is asked for.
 */
export interface GetLatestSignalRequest__Output {
  /**
   * Symbol, e.g. EURUSD or EUR/USD.
   */
  'symbol': (string);
  /**
   * Timeframe of its bars.
   */
  'timeframe': (_suho_v1_Timeframe__Output);
}
