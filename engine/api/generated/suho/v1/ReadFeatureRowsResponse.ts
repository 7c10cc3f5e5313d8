// Original file: proto/suho/v1/operations.proto


/**
 * Feature rows.
 */
export interface ReadFeatureRowsResponse {
  /**
   * Oldest first, in ClickHouse's RowBinary, in the columns of `ml_features`.
   */
  'rows'?: (Buffer | Uint8Array | string);
}

/**
 * Feature rows.
 */
export interface ReadFeatureRowsResponse__Output {
  /**
   * Oldest first, in ClickHouse's RowBinary, in the columns of `ml_features`.
   */
  'rows': (Buffer);
}
