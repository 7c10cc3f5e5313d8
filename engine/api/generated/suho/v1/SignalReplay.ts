// Original file: proto/suho/v1/suho.proto

import type { ReplayStep as _suho_v1_ReplayStep, ReplayStep__Output as _suho_v1_ReplayStep__Output } from '../../suho/v1/ReplayStep.js';

/**
 * A signal that was made again.
 */
export interface SignalReplay {
  /**
   * Whether every step that the signal took came out the same, bit for bit.
   */
  'same'?: (boolean);
  /**
   * The steps, in their order.
   */
  'steps'?: (_suho_v1_ReplayStep)[];
}

/**
 * A signal that was made again.
 */
export interface SignalReplay__Output {
  /**
   * Whether every step that the signal took came out the same, bit for bit.
   */
  'same': (boolean);
  /**
   * The steps, in their order.
   */
  'steps': (_suho_v1_ReplayStep__Output)[];
}
