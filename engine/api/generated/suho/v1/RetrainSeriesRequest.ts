// Original file: proto/suho/v1/training.proto


/**
 * What to train again.
 */
export interface RetrainSeriesRequest {
  /**
   * Symbol of the series, such as EURUSD: every series of it with signals that the caller may train, or those that the
   * fields below leave. On a shared series, a tenant's or user's own model that serves there.
   */
  'symbol'?: (string);
  /**
   * Timeframe, such as 1h; empty for all.
   */
  'timeframe'?: (string);
  /**
   * Feed; empty for all.
   */
  'feed'?: (string);
}

/**
 * What to train again.
 */
export interface RetrainSeriesRequest__Output {
  /**
   * Symbol of the series, such as EURUSD: every series of it with signals that the caller may train, or those that the
   * fields below leave. On a shared series, a tenant's or user's own model that serves there.
   */
  'symbol': (string);
  /**
   * Timeframe, such as 1h; empty for all.
   */
  'timeframe': (string);
  /**
   * Feed; empty for all.
   */
  'feed': (string);
}
