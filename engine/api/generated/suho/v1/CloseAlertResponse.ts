// Original file: proto/suho/v1/alerts.proto

import type { Alert as _suho_v1_Alert, Alert__Output as _suho_v1_Alert__Output } from '../../suho/v1/Alert.js';

/**
 * The alert as it is now.
 */
export interface CloseAlertResponse {
  /**
   * The alert as it is now.
   */
  'alert'?: (_suho_v1_Alert | null);
}

/**
 * The alert as it is now.
 */
export interface CloseAlertResponse__Output {
  /**
   * The alert as it is now.
   */
  'alert': (_suho_v1_Alert__Output | null);
}
