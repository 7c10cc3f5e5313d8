// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { SlowPolicy as _suho_v1_SlowPolicy, SlowPolicy__Output as _suho_v1_SlowPolicy__Output } from '../../suho/v1/SlowPolicy.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Which signals to stream, and how.
 */
export interface StreamSignalsRequest {
  /**
   * Symbols, e.g. EURUSD or EUR/USD; at most 1000; all symbols when empty.
   */
  'symbols'?: (string)[];
  /**
   * Timeframes; all when empty.
   */
  'timeframes'?: (_suho_v1_Timeframe)[];
  /**
   * Continue after this sequence number. OUT_OF_RANGE when signals after it were purged (CURSOR_PURGED), and when it is
   * beyond the newest signal (CURSOR_AHEAD: the engine was restored from an older copy).
   */
  'resume_after'?: (number | string | Long);
  /**
   * What happens when this subscriber falls behind.
   */
  'slow_policy'?: (_suho_v1_SlowPolicy);
  /**
   * Leave out signals that abstain.
   */
  'only_actionable'?: (boolean);
  '_resume_after'?: "resume_after";
}

/**
 * Which signals to stream, and how.
 */
export interface StreamSignalsRequest__Output {
  /**
   * Symbols, e.g. EURUSD or EUR/USD; at most 1000; all symbols when empty.
   */
  'symbols': (string)[];
  /**
   * Timeframes; all when empty.
   */
  'timeframes': (_suho_v1_Timeframe__Output)[];
  /**
   * Continue after this sequence number. OUT_OF_RANGE when signals after it were purged (CURSOR_PURGED), and when it is
   * beyond the newest signal (CURSOR_AHEAD: the engine was restored from an older copy).
   */
  'resume_after'?: (string);
  /**
   * What happens when this subscriber falls behind.
   */
  'slow_policy': (_suho_v1_SlowPolicy__Output);
  /**
   * Leave out signals that abstain.
   */
  'only_actionable': (boolean);
}
