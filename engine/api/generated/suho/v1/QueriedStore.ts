// Original file: proto/suho/v1/operations.proto

/**
 * A store that can be queried.
 */
export const QueriedStore = {
  /**
   * Not a store: refused with INVALID_ARGUMENT.
   */
  QUERIED_STORE_UNSPECIFIED: 'QUERIED_STORE_UNSPECIFIED',
  /**
   * Features and bars, in ClickHouse SQL.
   */
  QUERIED_STORE_FEATURES: 'QUERIED_STORE_FEATURES',
  /**
   * Predictions, trades and models, in PostgreSQL SQL.
   */
  QUERIED_STORE_PREDICTIONS: 'QUERIED_STORE_PREDICTIONS',
} as const;

/**
 * A store that can be queried.
 */
export type QueriedStore =
  /**
   * Not a store: refused with INVALID_ARGUMENT.
   */
  | 'QUERIED_STORE_UNSPECIFIED'
  | 0
  /**
   * Features and bars, in ClickHouse SQL.
   */
  | 'QUERIED_STORE_FEATURES'
  | 1
  /**
   * Predictions, trades and models, in PostgreSQL SQL.
   */
  | 'QUERIED_STORE_PREDICTIONS'
  | 2

/**
 * A store that can be queried.
 */
export type QueriedStore__Output = typeof QueriedStore[keyof typeof QueriedStore]
