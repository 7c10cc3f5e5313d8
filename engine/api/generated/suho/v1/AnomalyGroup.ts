// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * How some signals did; those that were withheld count by what they leaned to.
 */
export interface AnomalyGroup {
  /**
   * Signals that were made.
   */
  'signals'?: (number | string | Long);
  /**
   * Those that the gate withheld.
   */
  'withheld'?: (number | string | Long);
  /**
   * Those whose outcome over their primary horizon is known.
   */
  'known'?: (number | string | Long);
  /**
   * Share of these whose likeliest direction came; absent without any.
   */
  'right'?: (number | string);
  /**
   * Its 95 % Wilson interval.
   */
  'right_low'?: (number | string);
  /**
   * Its upper end.
   */
  'right_high'?: (number | string);
  /**
   * Mean return in the likeliest direction, as a fraction of the price; absent without any.
   */
  'mean_return'?: (number | string);
  '_right'?: "right";
  '_right_low'?: "right_low";
  '_right_high'?: "right_high";
  '_mean_return'?: "mean_return";
}

/**
 * How some signals did; those that were withheld count by what they leaned to.
 */
export interface AnomalyGroup__Output {
  /**
   * Signals that were made.
   */
  'signals': (string);
  /**
   * Those that the gate withheld.
   */
  'withheld': (string);
  /**
   * Those whose outcome over their primary horizon is known.
   */
  'known': (string);
  /**
   * Share of these whose likeliest direction came; absent without any.
   */
  'right'?: (number);
  /**
   * Its 95 % Wilson interval.
   */
  'right_low'?: (number);
  /**
   * Its upper end.
   */
  'right_high'?: (number);
  /**
   * Mean return in the likeliest direction, as a fraction of the price; absent without any.
   */
  'mean_return'?: (number);
}
