// Original file: proto/suho/v1/alerts.proto


export interface ListAlertsRequest {
  /**
   * Whether closed ones are listed too.
   */
  'all'?: (boolean);
}

export interface ListAlertsRequest__Output {
  /**
   * Whether closed ones are listed too.
   */
  'all': (boolean);
}
