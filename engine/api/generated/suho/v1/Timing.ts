// Original file: proto/suho/v1/suho.proto


/**
 * Where the time of a signal went.
 */
export interface Timing {
  /**
   * From the bar's row to the model's answer, milliseconds.
   */
  'inference_ms'?: (number | string);
  /**
   * From the bar's row to the answer of the index of similar moments, milliseconds.
   */
  'patterns_ms'?: (number | string);
}

/**
 * Where the time of a signal went.
 */
export interface Timing__Output {
  /**
   * From the bar's row to the model's answer, milliseconds.
   */
  'inference_ms': (number);
  /**
   * From the bar's row to the answer of the index of similar moments, milliseconds.
   */
  'patterns_ms': (number);
}
