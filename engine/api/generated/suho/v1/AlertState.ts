// Original file: proto/suho/v1/alerts.proto

/**
 * How far an alert is.
 */
export const AlertState = {
  ALERT_STATE_UNSPECIFIED: 'ALERT_STATE_UNSPECIFIED',
  ALERT_STATE_OPEN: 'ALERT_STATE_OPEN',
  ALERT_STATE_ACKNOWLEDGED: 'ALERT_STATE_ACKNOWLEDGED',
  ALERT_STATE_CLOSED: 'ALERT_STATE_CLOSED',
} as const;

/**
 * How far an alert is.
 */
export type AlertState =
  | 'ALERT_STATE_UNSPECIFIED'
  | 0
  | 'ALERT_STATE_OPEN'
  | 1
  | 'ALERT_STATE_ACKNOWLEDGED'
  | 2
  | 'ALERT_STATE_CLOSED'
  | 3

/**
 * How far an alert is.
 */
export type AlertState__Output = typeof AlertState[keyof typeof AlertState]
