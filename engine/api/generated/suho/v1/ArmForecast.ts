// Original file: proto/suho/v1/suho.proto

import type { Direction as _suho_v1_Direction, Direction__Output as _suho_v1_Direction__Output } from '../../suho/v1/Direction.js';
import type { Forecast as _suho_v1_Forecast, Forecast__Output as _suho_v1_Forecast__Output } from '../../suho/v1/Forecast.js';
import type { SignalOutcome as _suho_v1_SignalOutcome, SignalOutcome__Output as _suho_v1_SignalOutcome__Output } from '../../suho/v1/SignalOutcome.js';

/**
 * What one arm answered for a bar.
 */
export interface ArmForecast {
  /**
   * production, canary or shadow.
   */
  'arm'?: (string);
  /**
   * Version of its model.
   */
  'version'?: (string);
  /**
   * Whether it was the signal.
   */
  'served'?: (boolean);
  /**
   * What it said to do.
   */
  'direction'?: (_suho_v1_Direction);
  /**
   * How sure, 0..1.
   */
  'confidence'?: (number | string);
  /**
   * Over the primary horizon.
   */
  'forecast'?: (_suho_v1_Forecast | null);
  /**
   * Why it would not have acted.
   */
  'abstained'?: (string)[];
  /**
   * What came of it, one for each horizon that is over.
   */
  'outcomes'?: (_suho_v1_SignalOutcome)[];
}

/**
 * What one arm answered for a bar.
 */
export interface ArmForecast__Output {
  /**
   * production, canary or shadow.
   */
  'arm': (string);
  /**
   * Version of its model.
   */
  'version': (string);
  /**
   * Whether it was the signal.
   */
  'served': (boolean);
  /**
   * What it said to do.
   */
  'direction': (_suho_v1_Direction__Output);
  /**
   * How sure, 0..1.
   */
  'confidence': (number);
  /**
   * Over the primary horizon.
   */
  'forecast': (_suho_v1_Forecast__Output | null);
  /**
   * Why it would not have acted.
   */
  'abstained': (string)[];
  /**
   * What came of it, one for each horizon that is over.
   */
  'outcomes': (_suho_v1_SignalOutcome__Output)[];
}
