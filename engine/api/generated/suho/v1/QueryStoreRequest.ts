// Original file: proto/suho/v1/operations.proto

import type { QueriedStore as _suho_v1_QueriedStore, QueriedStore__Output as _suho_v1_QueriedStore__Output } from '../../suho/v1/QueriedStore.js';

/**
 * A statement to run.
 */
export interface QueryStoreRequest {
  /**
   * The store.
   */
  'store'?: (_suho_v1_QueriedStore);
  /**
   * One statement that reads, 100,000 characters at most.
   */
  'sql'?: (string);
  /**
   * Read only rows of this tenant; all rows when empty.
   */
  'tenant_id'?: (string);
  /**
   * Rows to answer, 1 to 10000; 1000 when 0.
   */
  'rows_max'?: (number);
}

/**
 * A statement to run.
 */
export interface QueryStoreRequest__Output {
  /**
   * The store.
   */
  'store': (_suho_v1_QueriedStore__Output);
  /**
   * One statement that reads, 100,000 characters at most.
   */
  'sql': (string);
  /**
   * Read only rows of this tenant; all rows when empty.
   */
  'tenant_id': (string);
  /**
   * Rows to answer, 1 to 10000; 1000 when 0.
   */
  'rows_max': (number);
}
