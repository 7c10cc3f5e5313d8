// Original file: proto/suho/v1/suho.proto

import type { StoredSignal as _suho_v1_StoredSignal, StoredSignal__Output as _suho_v1_StoredSignal__Output } from '../../suho/v1/StoredSignal.js';

/**
 * A page of stored signals.
 */
export interface QuerySignalsResponse {
  /**
   * Newest bar first.
   */
  'signals'?: (_suho_v1_StoredSignal)[];
  /**
   * Token of the next page; empty on the last one.
   */
  'next_page_token'?: (string);
}

/**
 * A page of stored signals.
 */
export interface QuerySignalsResponse__Output {
  /**
   * Newest bar first.
   */
  'signals': (_suho_v1_StoredSignal__Output)[];
  /**
   * Token of the next page; empty on the last one.
   */
  'next_page_token': (string);
}
