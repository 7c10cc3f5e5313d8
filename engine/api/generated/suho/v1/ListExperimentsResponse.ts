// Original file: proto/suho/v1/models.proto

import type { Experiment as _suho_v1_Experiment, Experiment__Output as _suho_v1_Experiment__Output } from '../../suho/v1/Experiment.js';

/**
 * Experiments a caller sees.
 */
export interface ListExperimentsResponse {
  /**
   * Newest first.
   */
  'experiments'?: (_suho_v1_Experiment)[];
}

/**
 * Experiments a caller sees.
 */
export interface ListExperimentsResponse__Output {
  /**
   * Newest first.
   */
  'experiments': (_suho_v1_Experiment__Output)[];
}
