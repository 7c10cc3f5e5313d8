// Original file: proto/suho/v1/operations.proto


/**
 * Rows of a statement.
 */
export interface QueryStoreResponse {
  /**
   * Each a JSON object of column and value.
   */
  'rows'?: (string)[];
  /**
   * Whether there are more rows than were answered.
   */
  'truncated'?: (boolean);
}

/**
 * Rows of a statement.
 */
export interface QueryStoreResponse__Output {
  /**
   * Each a JSON object of column and value.
   */
  'rows': (string)[];
  /**
   * Whether there are more rows than were answered.
   */
  'truncated': (boolean);
}
