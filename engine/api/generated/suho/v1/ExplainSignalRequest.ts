// Original file: proto/suho/v1/suho.proto


/**
 * Which signal to explain.
 */
export interface ExplainSignalRequest {
  /**
   * Its prediction id.
   */
  'prediction_id'?: (string);
  /**
   * Also make the signal again from its bars, model and similar moments.
   */
  'replay'?: (boolean);
  /**
   * Also tell the inputs that moved the forecast, so many at most, up to 300; 0: none.
   */
  'moved_features'?: (number);
}

/**
 * Which signal to explain.
 */
export interface ExplainSignalRequest__Output {
  /**
   * Its prediction id.
   */
  'prediction_id': (string);
  /**
   * Also make the signal again from its bars, model and similar moments.
   */
  'replay': (boolean);
  /**
   * Also tell the inputs that moved the forecast, so many at most, up to 300; 0: none.
   */
  'moved_features': (number);
}
