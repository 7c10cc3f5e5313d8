// Original file: proto/suho/v1/alerts.proto


export interface AcknowledgeAlertRequest {
  /**
   * Id of the alert, as ListAlerts gives it.
   */
  'alert_id'?: (string);
}

export interface AcknowledgeAlertRequest__Output {
  /**
   * Id of the alert, as ListAlerts gives it.
   */
  'alert_id': (string);
}
