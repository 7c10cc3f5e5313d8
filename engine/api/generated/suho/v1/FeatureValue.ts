// Original file: proto/suho/v1/suho.proto


/**
 * A feature of a bar.
 */
export interface FeatureValue {
  /**
   * As the catalogue names it.
   */
  'name'?: (string);
  /**
   * Of the value.
   */
  'unit'?: (string);
  /**
   * Absent where unknown.
   */
  'value'?: (number | string);
  '_value'?: "value";
}

/**
 * A feature of a bar.
 */
export interface FeatureValue__Output {
  /**
   * As the catalogue names it.
   */
  'name': (string);
  /**
   * Of the value.
   */
  'unit': (string);
  /**
   * Absent where unknown.
   */
  'value'?: (number);
}
