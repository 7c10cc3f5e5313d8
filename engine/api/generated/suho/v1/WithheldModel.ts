// Original file: proto/suho/v1/suho.proto


/**
 * A model that may not serve.
 */
export interface WithheldModel {
  /**
   * Content address of the model.
   */
  'model_id'?: (string);
  /**
   * Name and version of the model.
   */
  'version'?: (string);
  /**
   * Why it may not serve.
   */
  'reason'?: (string);
}

/**
 * A model that may not serve.
 */
export interface WithheldModel__Output {
  /**
   * Content address of the model.
   */
  'model_id': (string);
  /**
   * Name and version of the model.
   */
  'version': (string);
  /**
   * Why it may not serve.
   */
  'reason': (string);
}
