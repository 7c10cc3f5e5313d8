// Original file: proto/suho/v1/suho.proto

import type { Signal as _suho_v1_Signal, Signal__Output as _suho_v1_Signal__Output } from '../../suho/v1/Signal.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A signal in a stream.
 */
export interface SignalUpdate {
  /**
   * The signal.
   */
  'signal'?: (_suho_v1_Signal | null);
  /**
   * Signals left out before this one because the subscriber was slow.
   */
  'skipped'?: (number | string | Long);
}

/**
 * A signal in a stream.
 */
export interface SignalUpdate__Output {
  /**
   * The signal.
   */
  'signal': (_suho_v1_Signal__Output | null);
  /**
   * Signals left out before this one because the subscriber was slow.
   */
  'skipped': (string);
}
