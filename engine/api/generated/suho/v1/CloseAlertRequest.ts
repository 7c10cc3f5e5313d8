// Original file: proto/suho/v1/alerts.proto


export interface CloseAlertRequest {
  /**
   * Id of the alert, as ListAlerts gives it.
   */
  'alert_id'?: (string);
}

export interface CloseAlertRequest__Output {
  /**
   * Id of the alert, as ListAlerts gives it.
   */
  'alert_id': (string);
}
