// Original file: proto/suho/v1/alerts.proto

import type { AlertState as _suho_v1_AlertState, AlertState__Output as _suho_v1_AlertState__Output } from '../../suho/v1/AlertState.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One finding about a model on a series.
 */
export interface Alert {
  /**
   * Id of the alert.
   */
  'alert_id'?: (string);
  /**
   * Whose model it is: a tenant with a model of its own on the series, else the series' owner; "platform" for a shared one.
   */
  'tenant_id'?: (string);
  /**
   * Series it was found on: feed, symbol and timeframe.
   */
  'series'?: (string);
  /**
   * The model's name: feed, symbol and timeframe it was trained on.
   */
  'model'?: (string);
  /**
   * The model's version.
   */
  'version'?: (string);
  /**
   * input_drift, anomaly_drift or performance.
   */
  'kind'?: (string);
  /**
   * info, warning or critical.
   */
  'severity'?: (string);
  /**
   * How far it is.
   */
  'state'?: (_suho_v1_AlertState);
  /**
   * One sentence with its figures.
   */
  'summary'?: (string);
  /**
   * Its figures as JSON.
   */
  'details'?: (string);
  /**
   * When it was raised, epoch milliseconds UTC.
   */
  'raised_at'?: (number | string | Long);
  /**
   * When it was acknowledged, epoch milliseconds UTC.
   */
  'acknowledged_at'?: (number | string | Long);
  /**
   * Who acknowledged it.
   */
  'acknowledged_by'?: (string);
  /**
   * When it was closed, epoch milliseconds UTC.
   */
  'closed_at'?: (number | string | Long);
  /**
   * Who closed it.
   */
  'closed_by'?: (string);
  /**
   * User whose own model it is about, who alone sees it; empty else.
   */
  'user_id'?: (string);
  '_acknowledged_at'?: "acknowledged_at";
  '_closed_at'?: "closed_at";
}

/**
 * One finding about a model on a series.
 */
export interface Alert__Output {
  /**
   * Id of the alert.
   */
  'alert_id': (string);
  /**
   * Whose model it is: a tenant with a model of its own on the series, else the series' owner; "platform" for a shared one.
   */
  'tenant_id': (string);
  /**
   * Series it was found on: feed, symbol and timeframe.
   */
  'series': (string);
  /**
   * The model's name: feed, symbol and timeframe it was trained on.
   */
  'model': (string);
  /**
   * The model's version.
   */
  'version': (string);
  /**
   * input_drift, anomaly_drift or performance.
   */
  'kind': (string);
  /**
   * info, warning or critical.
   */
  'severity': (string);
  /**
   * How far it is.
   */
  'state': (_suho_v1_AlertState__Output);
  /**
   * One sentence with its figures.
   */
  'summary': (string);
  /**
   * Its figures as JSON.
   */
  'details': (string);
  /**
   * When it was raised, epoch milliseconds UTC.
   */
  'raised_at': (string);
  /**
   * When it was acknowledged, epoch milliseconds UTC.
   */
  'acknowledged_at'?: (string);
  /**
   * Who acknowledged it.
   */
  'acknowledged_by': (string);
  /**
   * When it was closed, epoch milliseconds UTC.
   */
  'closed_at'?: (string);
  /**
   * Who closed it.
   */
  'closed_by': (string);
  /**
   * User whose own model it is about, who alone sees it; empty else.
   */
  'user_id': (string);
}
