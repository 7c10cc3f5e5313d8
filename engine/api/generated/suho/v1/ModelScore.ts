// Original file: proto/suho/v1/suho.proto


export interface ModelScore {
  'log_loss'?: (number | string);
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

export interface ModelScore__Output {
  'log_loss': (number);
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
