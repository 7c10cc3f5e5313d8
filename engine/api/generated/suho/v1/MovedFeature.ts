// Original file: proto/suho/v1/suho.proto


/**
 * What a forecast owes to one input.
 */
export interface MovedFeature {
  /**
   * Name of the feature or sequence channel.
   */
  'name'?: (string);
  /**
   * feature, or channel of the last bars.
   */
  'kind'?: (string);
  /**
   * As it enters the model; absent where unknown, and for a channel.
   */
  'value'?: (number | string);
  /**
   * How much higher the probability is than with a value as training had them, in the mean.
   */
  'change'?: (number | string);
  '_value'?: "value";
}

/**
 * What a forecast owes to one input.
 */
export interface MovedFeature__Output {
  /**
   * Name of the feature or sequence channel.
   */
  'name': (string);
  /**
   * feature, or channel of the last bars.
   */
  'kind': (string);
  /**
   * As it enters the model; absent where unknown, and for a channel.
   */
  'value'?: (number);
  /**
   * How much higher the probability is than with a value as training had them, in the mean.
   */
  'change': (number);
}
