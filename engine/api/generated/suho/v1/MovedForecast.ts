// Original file: proto/suho/v1/suho.proto

import type { Direction as _suho_v1_Direction, Direction__Output as _suho_v1_Direction__Output } from '../../suho/v1/Direction.js';
import type { MovedFeature as _suho_v1_MovedFeature, MovedFeature__Output as _suho_v1_MovedFeature__Output } from '../../suho/v1/MovedFeature.js';

/**
 * The inputs that moved a forecast, by permutation against what the model's training had.
 */
export interface MovedForecast {
  /**
   * DIRECTION_LONG for the probability of up, DIRECTION_SHORT for that of down, over the primary horizon.
   */
  'direction'?: (_suho_v1_Direction);
  /**
   * That probability.
   */
  'probability'?: (number | string);
  /**
   * Strongest first.
   */
  'features'?: (_suho_v1_MovedFeature)[];
  /**
   * Why there are none; empty when there are.
   */
  'note'?: (string);
}

/**
 * The inputs that moved a forecast, by permutation against what the model's training had.
 */
export interface MovedForecast__Output {
  /**
   * DIRECTION_LONG for the probability of up, DIRECTION_SHORT for that of down, over the primary horizon.
   */
  'direction': (_suho_v1_Direction__Output);
  /**
   * That probability.
   */
  'probability': (number);
  /**
   * Strongest first.
   */
  'features': (_suho_v1_MovedFeature__Output)[];
  /**
   * Why there are none; empty when there are.
   */
  'note': (string);
}
