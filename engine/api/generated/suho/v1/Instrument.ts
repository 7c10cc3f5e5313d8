// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { InstrumentState as _suho_v1_InstrumentState, InstrumentState__Output as _suho_v1_InstrumentState__Output } from '../../suho/v1/InstrumentState.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A feed and a symbol with everything computed from them.
 */
export interface Instrument {
  /**
   * Owner, `@`, feed, `/`, symbol: e.g. `acme@published/EURUSD`.
   */
  'instrument_id'?: (string);
  /**
   * Where its bars come from: `published` for a tenant's own.
   */
  'feed'?: (string);
  /**
   * Tenant that publishes it; `platform` for a shared feed.
   */
  'owner'?: (string);
  /**
   * Canonical symbol, e.g. EURUSD.
   */
  'symbol'?: (string);
  /**
   * Timeframe that its longer bars are built from.
   */
  'base_timeframe'?: (_suho_v1_Timeframe);
  /**
   * Timeframes with signals.
   */
  'signal_timeframes'?: (_suho_v1_Timeframe)[];
  /**
   * Whether it takes input.
   */
  'state'?: (_suho_v1_InstrumentState);
  /**
   * Why it failed.
   */
  'error'?: (string);
  /**
   * Base bars taken since its beginning.
   */
  'bars'?: (number | string | Long);
  /**
   * Open time of the last base bar, epoch milliseconds UTC; absent before the first.
   */
  'last_bar_time'?: (number | string | Long);
  /**
   * Inputs the journal keeps for its recovery.
   */
  'retained_inputs'?: (number | string | Long);
  /**
   * When its days and 4-hour bars begin: utc (0:00 UTC), fx (17:00 New York) or one of the operator's.
   */
  'calendar'?: (string);
  '_last_bar_time'?: "last_bar_time";
}

/**
 * A feed and a symbol with everything computed from them.
 */
export interface Instrument__Output {
  /**
   * Owner, `@`, feed, `/`, symbol: e.g. `acme@published/EURUSD`.
   */
  'instrument_id': (string);
  /**
   * Where its bars come from: `published` for a tenant's own.
   */
  'feed': (string);
  /**
   * Tenant that publishes it; `platform` for a shared feed.
   */
  'owner': (string);
  /**
   * Canonical symbol, e.g. EURUSD.
   */
  'symbol': (string);
  /**
   * Timeframe that its longer bars are built from.
   */
  'base_timeframe': (_suho_v1_Timeframe__Output);
  /**
   * Timeframes with signals.
   */
  'signal_timeframes': (_suho_v1_Timeframe__Output)[];
  /**
   * Whether it takes input.
   */
  'state': (_suho_v1_InstrumentState__Output);
  /**
   * Why it failed.
   */
  'error': (string);
  /**
   * Base bars taken since its beginning.
   */
  'bars': (string);
  /**
   * Open time of the last base bar, epoch milliseconds UTC; absent before the first.
   */
  'last_bar_time'?: (string);
  /**
   * Inputs the journal keeps for its recovery.
   */
  'retained_inputs': (string);
  /**
   * When its days and 4-hour bars begin: utc (0:00 UTC), fx (17:00 New York) or one of the operator's.
   */
  'calendar': (string);
}
