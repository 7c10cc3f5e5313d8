// Original file: proto/suho/v1/features.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The features of one bar.
 */
export interface FeatureRow {
  /**
   * When the bar opened, epoch milliseconds UTC.
   */
  'bar_open_time'?: (number | string | Long);
  /**
   * One for each of `names`, in the unit of the feature; NaN before its warm-up.
   */
  'values'?: (number | string)[];
}

/**
 * The features of one bar.
 */
export interface FeatureRow__Output {
  /**
   * When the bar opened, epoch milliseconds UTC.
   */
  'bar_open_time': (string);
  /**
   * One for each of `names`, in the unit of the feature; NaN before its warm-up.
   */
  'values': (number)[];
}
