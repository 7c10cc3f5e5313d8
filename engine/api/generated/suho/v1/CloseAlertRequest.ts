// Original file: proto/suho/v1/alerts.proto


/**
 * Which alert is dealt with.
 */
export interface CloseAlertRequest {
  /**
   * Id of the alert, as ListAlerts gives it.
   */
  'alert_id'?: (string);
}

/**
 * Which alert is dealt with.
 */
export interface CloseAlertRequest__Output {
  /**
   * Id of the alert, as ListAlerts gives it.
   */
  'alert_id': (string);
}
