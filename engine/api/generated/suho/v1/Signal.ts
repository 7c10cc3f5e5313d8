// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { Direction as _suho_v1_Direction, Direction__Output as _suho_v1_Direction__Output } from '../../suho/v1/Direction.js';
import type { Forecast as _suho_v1_Forecast, Forecast__Output as _suho_v1_Forecast__Output } from '../../suho/v1/Forecast.js';
import type { ModelEvidence as _suho_v1_ModelEvidence, ModelEvidence__Output as _suho_v1_ModelEvidence__Output } from '../../suho/v1/ModelEvidence.js';
import type { PatternEvidence as _suho_v1_PatternEvidence, PatternEvidence__Output as _suho_v1_PatternEvidence__Output } from '../../suho/v1/PatternEvidence.js';
import type { Timing as _suho_v1_Timing, Timing__Output as _suho_v1_Timing__Output } from '../../suho/v1/Timing.js';
import type { Long } from '@grpc/proto-loader';

export interface Signal {
  /**
   * Place in the stream; the cursor of `resume_after`.
   */
  'sequence'?: (number | string | Long);
  'prediction_id'?: (string);
  'tenant_id'?: (string);
  'symbol'?: (string);
  'timeframe'?: (_suho_v1_Timeframe);
  /**
   * Epoch milliseconds UTC.
   */
  'bar_close_time'?: (number | string | Long);
  'price'?: (number | string);
  'direction'?: (_suho_v1_Direction);
  /**
   * Calibrated probability that the primary horizon's direction is right, 0..1.
   */
  'confidence'?: (number | string);
  'primary_horizon'?: (string);
  'forecasts'?: (_suho_v1_Forecast)[];
  'model'?: (_suho_v1_ModelEvidence | null);
  'patterns'?: (_suho_v1_PatternEvidence | null);
  'anomaly'?: (number | string);
  'quality_score'?: (number | string);
  'quality_flags'?: (number);
  /**
   * Why the signal is FLAT.
   */
  'abstained'?: (string)[];
  /**
   * What it had to do without.
   */
  'degraded'?: (string)[];
  'timing'?: (_suho_v1_Timing | null);
}

export interface Signal__Output {
  /**
   * Place in the stream; the cursor of `resume_after`.
   */
  'sequence': (string);
  'prediction_id': (string);
  'tenant_id': (string);
  'symbol': (string);
  'timeframe': (_suho_v1_Timeframe__Output);
  /**
   * Epoch milliseconds UTC.
   */
  'bar_close_time': (string);
  'price': (number);
  'direction': (_suho_v1_Direction__Output);
  /**
   * Calibrated probability that the primary horizon's direction is right, 0..1.
   */
  'confidence': (number);
  'primary_horizon': (string);
  'forecasts': (_suho_v1_Forecast__Output)[];
  'model': (_suho_v1_ModelEvidence__Output | null);
  'patterns': (_suho_v1_PatternEvidence__Output | null);
  'anomaly': (number);
  'quality_score': (number);
  'quality_flags': (number);
  /**
   * Why the signal is FLAT.
   */
  'abstained': (string)[];
  /**
   * What it had to do without.
   */
  'degraded': (string)[];
  'timing': (_suho_v1_Timing__Output | null);
}
