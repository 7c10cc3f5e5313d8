// Original file: proto/suho/v1/suho.proto


/**
 * A row that was not applied, and why.
 */
export interface Rejection {
  /**
   * Index in the request, from 0.
   */
  'index'?: (number);
  /**
   * Of rejected rows `not_finite`, `not_positive`, `high_below_low`, `outside_range`, `negative_volume`, `negative_size`,
   * `crossed_quote`, `bad_time`, `misaligned_time`, `implausible_time`, `implausible_price` or `implausible_size`; of
   * skipped rows `duplicate`, `late` or `conflict`.
   */
  'reason'?: (string);
}

/**
 * A row that was not applied, and why.
 */
export interface Rejection__Output {
  /**
   * Index in the request, from 0.
   */
  'index': (number);
  /**
   * Of rejected rows `not_finite`, `not_positive`, `high_below_low`, `outside_range`, `negative_volume`, `negative_size`,
   * `crossed_quote`, `bad_time`, `misaligned_time`, `implausible_time`, `implausible_price` or `implausible_size`; of
   * skipped rows `duplicate`, `late` or `conflict`.
   */
  'reason': (string);
}
