// Original file: proto/suho/v1/models.proto


/**
 * How good forecasts were.
 */
export interface ModelScore {
  /**
   * Mean, nats a bar.
   */
  'log_loss'?: (number | string);
  /**
   * Mean of the squared errors of the three probabilities.
   */
  'brier'?: (number | string);
  /**
   * Sum of returns after spreads.
   */
  'profit'?: (number | string);
  /**
   * Share of the bars it would not have acted on.
   */
  'abstained'?: (number | string);
}

/**
 * How good forecasts were.
 */
export interface ModelScore__Output {
  /**
   * Mean, nats a bar.
   */
  'log_loss': (number);
  /**
   * Mean of the squared errors of the three probabilities.
   */
  'brier': (number);
  /**
   * Sum of returns after spreads.
   */
  'profit': (number);
  /**
   * Share of the bars it would not have acted on.
   */
  'abstained': (number);
}
