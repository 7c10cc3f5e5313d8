// Original file: proto/suho/v1/alerts.proto


/**
 * Which alerts to list.
 */
export interface ListAlertsRequest {
  /**
   * Whether closed ones are listed too.
   */
  'all'?: (boolean);
}

/**
 * Which alerts to list.
 */
export interface ListAlertsRequest__Output {
  /**
   * Whether closed ones are listed too.
   */
  'all': (boolean);
}
