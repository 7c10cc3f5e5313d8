// Original file: proto/suho/v1/alerts.proto


/**
 * Which alert somebody looks after.
 */
export interface AcknowledgeAlertRequest {
  /**
   * Id of the alert, as ListAlerts gives it.
   */
  'alert_id'?: (string);
}

/**
 * Which alert somebody looks after.
 */
export interface AcknowledgeAlertRequest__Output {
  /**
   * Id of the alert, as ListAlerts gives it.
   */
  'alert_id': (string);
}
