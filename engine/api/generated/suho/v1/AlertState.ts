// Original file: proto/suho/v1/alerts.proto

/**
 * How far an alert is.
 */
export const AlertState = {
  /**
   * Never sent.
   */
  ALERT_STATE_UNSPECIFIED: 'ALERT_STATE_UNSPECIFIED',
  /**
   * Nobody has acknowledged it.
   */
  ALERT_STATE_OPEN: 'ALERT_STATE_OPEN',
  /**
   * Somebody looks after it.
   */
  ALERT_STATE_ACKNOWLEDGED: 'ALERT_STATE_ACKNOWLEDGED',
  /**
   * It is dealt with.
   */
  ALERT_STATE_CLOSED: 'ALERT_STATE_CLOSED',
} as const;

/**
 * How far an alert is.
 */
export type AlertState =
  /**
   * Never sent.
   */
  | 'ALERT_STATE_UNSPECIFIED'
  | 0
  /**
   * Nobody has acknowledged it.
   */
  | 'ALERT_STATE_OPEN'
  | 1
  /**
   * Somebody looks after it.
   */
  | 'ALERT_STATE_ACKNOWLEDGED'
  | 2
  /**
   * It is dealt with.
   */
  | 'ALERT_STATE_CLOSED'
  | 3

/**
 * How far an alert is.
 */
export type AlertState__Output = typeof AlertState[keyof typeof AlertState]
