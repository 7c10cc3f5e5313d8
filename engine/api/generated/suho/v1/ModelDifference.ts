// Original file: proto/suho/v1/models.proto


/**
 * One thing that differs.
 */
export interface ModelDifference {
  /**
   * What.
   */
  'field'?: (string);
  /**
   * Of the version.
   */
  'own'?: (string);
  /**
   * Of the other.
   */
  'other'?: (string);
}

/**
 * One thing that differs.
 */
export interface ModelDifference__Output {
  /**
   * What.
   */
  'field': (string);
  /**
   * Of the version.
   */
  'own': (string);
  /**
   * Of the other.
   */
  'other': (string);
}
