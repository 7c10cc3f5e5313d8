// Original file: proto/suho/v1/suho.proto

import type { WaitingSeries as _suho_v1_WaitingSeries, WaitingSeries__Output as _suho_v1_WaitingSeries__Output } from '../../suho/v1/WaitingSeries.js';

/**
 * First models of series that have none.
 */
export interface FirstModels {
  /**
   * Whether a series gets its first model by itself (`training.firstModels`).
   */
  'automatic'?: (boolean);
  /**
   * Series that wait for their first model.
   */
  'waiting'?: (number);
  /**
   * At most 1000 of them, those that do more than collect bars first.
   */
  'series'?: (_suho_v1_WaitingSeries)[];
}

/**
 * First models of series that have none.
 */
export interface FirstModels__Output {
  /**
   * Whether a series gets its first model by itself (`training.firstModels`).
   */
  'automatic': (boolean);
  /**
   * Series that wait for their first model.
   */
  'waiting': (number);
  /**
   * At most 1000 of them, those that do more than collect bars first.
   */
  'series': (_suho_v1_WaitingSeries__Output)[];
}
