// Original file: proto/suho/v1/suho.proto

import type { Instrument as _suho_v1_Instrument, Instrument__Output as _suho_v1_Instrument__Output } from '../../suho/v1/Instrument.js';

/**
 * A page of instruments.
 */
export interface ListInstrumentsResponse {
  /**
   * In the order of their ids.
   */
  'instruments'?: (_suho_v1_Instrument)[];
  /**
   * Token of the next page; empty on the last one.
   */
  'next_page_token'?: (string);
}

/**
 * A page of instruments.
 */
export interface ListInstrumentsResponse__Output {
  /**
   * In the order of their ids.
   */
  'instruments': (_suho_v1_Instrument__Output)[];
  /**
   * Token of the next page; empty on the last one.
   */
  'next_page_token': (string);
}
