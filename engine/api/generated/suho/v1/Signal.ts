// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { Direction as _suho_v1_Direction, Direction__Output as _suho_v1_Direction__Output } from '../../suho/v1/Direction.js';
import type { Forecast as _suho_v1_Forecast, Forecast__Output as _suho_v1_Forecast__Output } from '../../suho/v1/Forecast.js';
import type { ModelEvidence as _suho_v1_ModelEvidence, ModelEvidence__Output as _suho_v1_ModelEvidence__Output } from '../../suho/v1/ModelEvidence.js';
import type { PatternEvidence as _suho_v1_PatternEvidence, PatternEvidence__Output as _suho_v1_PatternEvidence__Output } from '../../suho/v1/PatternEvidence.js';
import type { Timing as _suho_v1_Timing, Timing__Output as _suho_v1_Timing__Output } from '../../suho/v1/Timing.js';
import type { Long } from '@grpc/proto-loader';

/**
 * The answer for one closed bar: what to do, how sure, and why.
 */
export interface Signal {
  /**
   * Place in the stream; the cursor of `resume_after`.
   */
  'sequence'?: (number | string | Long);
  /**
   * Name-based UUID of tenant, user of a signal of its own, symbol, timeframe, bar close time and model version: the same bar gets the same id again.
   */
  'prediction_id'?: (string);
  /**
   * Tenant it belongs to.
   */
  'tenant_id'?: (string);
  /**
   * Canonical symbol, e.g. EURUSD.
   */
  'symbol'?: (string);
  /**
   * Timeframe of the bar.
   */
  'timeframe'?: (_suho_v1_Timeframe);
  /**
   * When the bar closed, epoch milliseconds UTC.
   */
  'bar_close_time'?: (number | string | Long);
  /**
   * Close of the bar, in the quote currency.
   */
  'price'?: (number | string);
  /**
   * What to do.
   */
  'direction'?: (_suho_v1_Direction);
  /**
   * Calibrated probability that the primary horizon's direction is right, 0..1.
   */
  'confidence'?: (number | string);
  /**
   * Horizon that `direction` is about: 1h, 4h or 1d.
   */
  'primary_horizon'?: (string);
  /**
   * One for each horizon: 1h, 4h, 1d.
   */
  'forecasts'?: (_suho_v1_Forecast)[];
  /**
   * What the model said.
   */
  'model'?: (_suho_v1_ModelEvidence | null);
  /**
   * What came of similar moments; absent when there are none or the lookup failed (`degraded` says which).
   */
  'patterns'?: (_suho_v1_PatternEvidence | null);
  /**
   * How unusual the moment is: the autoencoder's reconstruction error over its 99th percentile in training. Below 1 is
   * usual; above the tenant's gate `maxAnomaly` (3 by default) the signal abstains.
   */
  'anomaly'?: (number | string);
  /**
   * Quality of the bar's data, 0..1: 1 less a penalty for each flag of `quality_flags`.
   */
  'quality_score'?: (number | string);
  /**
   * Bits: 1 bars are missing before this one, 2 stale quote (10 bars without a range), 4 impossible OHLC, 8 outlier (a
   * return beyond 12 median absolute deviations), 16 no volume, 32 spread spike (over 5 times its mean), 64 late data,
   * 128 rebuilt. 0: no defect.
   */
  'quality_flags'?: (number);
  /**
   * Why the signal is FLAT: `model_error`, `no_edge` (no skill in validation), `flat_predicted`, `low_confidence`,
   * `low_quality`, `anomalous`, `cost_exceeds_return`. Empty when it acts.
   */
  'abstained'?: (string)[];
  /**
   * What it had to do without: `patterns_deadline`, `patterns_error`, `patterns_none_yet`; `anomalous` where the moment is above
   * the gate `maxAnomaly` and the tenant lets such signals act (`onAnomaly`).
   */
  'degraded'?: (string)[];
  /**
   * Where the time went.
   */
  'timing'?: (_suho_v1_Timing | null);
}

/**
 * The answer for one closed bar: what to do, how sure, and why.
 */
export interface Signal__Output {
  /**
   * Place in the stream; the cursor of `resume_after`.
   */
  'sequence': (string);
  /**
   * Name-based UUID of tenant, user of a signal of its own, symbol, timeframe, bar close time and model version: the same bar gets the same id again.
   */
  'prediction_id': (string);
  /**
   * Tenant it belongs to.
   */
  'tenant_id': (string);
  /**
   * Canonical symbol, e.g. EURUSD.
   */
  'symbol': (string);
  /**
   * Timeframe of the bar.
   */
  'timeframe': (_suho_v1_Timeframe__Output);
  /**
   * When the bar closed, epoch milliseconds UTC.
   */
  'bar_close_time': (string);
  /**
   * Close of the bar, in the quote currency.
   */
  'price': (number);
  /**
   * What to do.
   */
  'direction': (_suho_v1_Direction__Output);
  /**
   * Calibrated probability that the primary horizon's direction is right, 0..1.
   */
  'confidence': (number);
  /**
   * Horizon that `direction` is about: 1h, 4h or 1d.
   */
  'primary_horizon': (string);
  /**
   * One for each horizon: 1h, 4h, 1d.
   */
  'forecasts': (_suho_v1_Forecast__Output)[];
  /**
   * What the model said.
   */
  'model': (_suho_v1_ModelEvidence__Output | null);
  /**
   * What came of similar moments; absent when there are none or the lookup failed (`degraded` says which).
   */
  'patterns': (_suho_v1_PatternEvidence__Output | null);
  /**
   * How unusual the moment is: the autoencoder's reconstruction error over its 99th percentile in training. Below 1 is
   * usual; above the tenant's gate `maxAnomaly` (3 by default) the signal abstains.
   */
  'anomaly': (number);
  /**
   * Quality of the bar's data, 0..1: 1 less a penalty for each flag of `quality_flags`.
   */
  'quality_score': (number);
  /**
   * Bits: 1 bars are missing before this one, 2 stale quote (10 bars without a range), 4 impossible OHLC, 8 outlier (a
   * return beyond 12 median absolute deviations), 16 no volume, 32 spread spike (over 5 times its mean), 64 late data,
   * 128 rebuilt. 0: no defect.
   */
  'quality_flags': (number);
  /**
   * Why the signal is FLAT: `model_error`, `no_edge` (no skill in validation), `flat_predicted`, `low_confidence`,
   * `low_quality`, `anomalous`, `cost_exceeds_return`. Empty when it acts.
   */
  'abstained': (string)[];
  /**
   * What it had to do without: `patterns_deadline`, `patterns_error`, `patterns_none_yet`; `anomalous` where the moment is above
   * the gate `maxAnomaly` and the tenant lets such signals act (`onAnomaly`).
   */
  'degraded': (string)[];
  /**
   * Where the time went.
   */
  'timing': (_suho_v1_Timing__Output | null);
}
