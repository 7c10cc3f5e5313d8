// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { Direction as _suho_v1_Direction, Direction__Output as _suho_v1_Direction__Output } from '../../suho/v1/Direction.js';
import type { Forecast as _suho_v1_Forecast, Forecast__Output as _suho_v1_Forecast__Output } from '../../suho/v1/Forecast.js';
import type { SignalOutcome as _suho_v1_SignalOutcome, SignalOutcome__Output as _suho_v1_SignalOutcome__Output } from '../../suho/v1/SignalOutcome.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A signal as it is stored, with what came of it.
 */
export interface StoredSignal {
  /**
   * Name-based UUID of tenant, user of a signal of its own, symbol, timeframe, bar close time and model version.
   */
  'prediction_id'?: (string);
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
   * What the signal said to do.
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
   * Content address of the model.
   */
  'model_id'?: (string);
  /**
   * Version of the model, e.g. v1.0.3.
   */
  'model_version'?: (string);
  /**
   * Rollout arm, as in ModelEvidence.
   */
  'arm'?: (string);
  /**
   * How unusual the moment was, as in Signal.
   */
  'anomaly'?: (number | string);
  /**
   * Quality of the data, 0..1, as in Signal.
   */
  'quality_score'?: (number | string);
  /**
   * Bits, as in Signal.
   */
  'quality_flags'?: (number);
  /**
   * Why the signal was FLAT, as in Signal.
   */
  'abstained'?: (string)[];
  /**
   * What it had to do without, as in Signal.
   */
  'degraded'?: (string)[];
  /**
   * What came of it, one for each horizon that is over.
   */
  'outcomes'?: (_suho_v1_SignalOutcome)[];
}

/**
 * A signal as it is stored, with what came of it.
 */
export interface StoredSignal__Output {
  /**
   * Name-based UUID of tenant, user of a signal of its own, symbol, timeframe, bar close time and model version.
   */
  'prediction_id': (string);
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
   * What the signal said to do.
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
   * Content address of the model.
   */
  'model_id': (string);
  /**
   * Version of the model, e.g. v1.0.3.
   */
  'model_version': (string);
  /**
   * Rollout arm, as in ModelEvidence.
   */
  'arm': (string);
  /**
   * How unusual the moment was, as in Signal.
   */
  'anomaly': (number);
  /**
   * Quality of the data, 0..1, as in Signal.
   */
  'quality_score': (number);
  /**
   * Bits, as in Signal.
   */
  'quality_flags': (number);
  /**
   * Why the signal was FLAT, as in Signal.
   */
  'abstained': (string)[];
  /**
   * What it had to do without, as in Signal.
   */
  'degraded': (string)[];
  /**
   * What came of it, one for each horizon that is over.
   */
  'outcomes': (_suho_v1_SignalOutcome__Output)[];
}
