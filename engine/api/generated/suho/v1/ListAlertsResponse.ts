// Original file: proto/suho/v1/alerts.proto

import type { Alert as _suho_v1_Alert, Alert__Output as _suho_v1_Alert__Output } from '../../suho/v1/Alert.js';

/**
 * The alerts.
 */
export interface ListAlertsResponse {
  /**
   * Newest first.
   */
  'alerts'?: (_suho_v1_Alert)[];
}

/**
 * The alerts.
 */
export interface ListAlertsResponse__Output {
  /**
   * Newest first.
   */
  'alerts': (_suho_v1_Alert__Output)[];
}
