// Original file: proto/suho/v1/operations.proto

import type { SinkHealth as _suho_v1_SinkHealth, SinkHealth__Output as _suho_v1_SinkHealth__Output } from '../../suho/v1/SinkHealth.js';

/**
 * How far the stores are.
 */
export interface DrainResponse {
  /**
   * Stores that have not taken everything; none when it is safe to stop.
   */
  'behind'?: (_suho_v1_SinkHealth)[];
}

/**
 * How far the stores are.
 */
export interface DrainResponse__Output {
  /**
   * Stores that have not taken everything; none when it is safe to stop.
   */
  'behind': (_suho_v1_SinkHealth__Output)[];
}
