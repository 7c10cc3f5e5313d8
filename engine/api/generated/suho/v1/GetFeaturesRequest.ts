// Original file: proto/suho/v1/features.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Which features of which bars to read.
 */
export interface GetFeaturesRequest {
  /**
   * Instrument, as ListInstruments gives it; may be empty when the caller sees one instrument of the symbol.
   */
  'instrument_id'?: (string);
  /**
   * Symbol, e.g. EURUSD or EUR/USD; may be empty when the instrument is named.
   */
  'symbol'?: (string);
  /**
   * Timeframe of the bars.
   */
  'timeframe'?: (_suho_v1_Timeframe);
  /**
   * Names of features, as `suho features list` gives them, at most 1000; all when empty.
   */
  'names'?: (string)[];
  /**
   * Only bars that opened at or after this, epoch milliseconds UTC; from the oldest on when absent.
   */
  'from_time'?: (number | string | Long);
  /**
   * Only bars that opened before this, epoch milliseconds UTC; to the newest when absent.
   */
  'to_time'?: (number | string | Long);
  /**
   * Bars of one page, 1 to 1000; 100 when 0.
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
 * Which features of which bars to read.
 */
export interface GetFeaturesRequest__Output {
  /**
   * Instrument, as ListInstruments gives it; may be empty when the caller sees one instrument of the symbol.
   */
  'instrument_id': (string);
  /**
   * Symbol, e.g. EURUSD or EUR/USD; may be empty when the instrument is named.
   */
  'symbol': (string);
  /**
   * Timeframe of the bars.
   */
  'timeframe': (_suho_v1_Timeframe__Output);
  /**
   * Names of features, as `suho features list` gives them, at most 1000; all when empty.
   */
  'names': (string)[];
  /**
   * Only bars that opened at or after this, epoch milliseconds UTC; from the oldest on when absent.
   */
  'from_time'?: (string);
  /**
   * Only bars that opened before this, epoch milliseconds UTC; to the newest when absent.
   */
  'to_time'?: (string);
  /**
   * Bars of one page, 1 to 1000; 100 when 0.
   */
  'page_size': (number);
  /**
   * `next_page_token` of the page before, with the other fields as they were; empty for the first page.
   */
  'page_token': (string);
}
