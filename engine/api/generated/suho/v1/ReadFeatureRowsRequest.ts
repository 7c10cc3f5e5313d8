// Original file: proto/suho/v1/operations.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Which feature rows to read.
 */
export interface ReadFeatureRowsRequest {
  /**
   * Owner of the series; `platform` for a shared feed.
   */
  'tenant_id'?: (string);
  /**
   * User the series is private to; empty for one of the whole tenant.
   */
  'user_id'?: (string);
  /**
   * Feed it came from.
   */
  'feed'?: (string);
  /**
   * Symbol, e.g. EURUSD.
   */
  'symbol'?: (string);
  /**
   * Timeframe and calendar of the bars as the store has them, e.g. 1h or 1d@fx.
   */
  'grid'?: (string);
  /**
   * Bars that opened at or after this, epoch milliseconds UTC.
   */
  'from_time'?: (number | string | Long);
  /**
   * Bars that opened before this, epoch milliseconds UTC.
   */
  'to_time'?: (number | string | Long);
  /**
   * Rows to answer, 1 to 2000.
   */
  'rows_max'?: (number);
}

/**
 * Which feature rows to read.
 */
export interface ReadFeatureRowsRequest__Output {
  /**
   * Owner of the series; `platform` for a shared feed.
   */
  'tenant_id': (string);
  /**
   * User the series is private to; empty for one of the whole tenant.
   */
  'user_id': (string);
  /**
   * Feed it came from.
   */
  'feed': (string);
  /**
   * Symbol, e.g. EURUSD.
   */
  'symbol': (string);
  /**
   * Timeframe and calendar of the bars as the store has them, e.g. 1h or 1d@fx.
   */
  'grid': (string);
  /**
   * Bars that opened at or after this, epoch milliseconds UTC.
   */
  'from_time': (string);
  /**
   * Bars that opened before this, epoch milliseconds UTC.
   */
  'to_time': (string);
  /**
   * Rows to answer, 1 to 2000.
   */
  'rows_max': (number);
}
