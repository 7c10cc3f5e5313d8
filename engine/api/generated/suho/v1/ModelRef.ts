// Original file: proto/suho/v1/suho.proto

import type { ModelLevel as _suho_v1_ModelLevel, ModelLevel__Output as _suho_v1_ModelLevel__Output } from '../../suho/v1/ModelLevel.js';

/**
 * One version of a model.
 */
export interface ModelRef {
  /**
   * Without one: the nearest level that has the version.
   */
  'level'?: (_suho_v1_ModelLevel);
  /**
   * Feed, symbol and timeframe: market/EURUSD/1h.
   */
  'name'?: (string);
  'version'?: (string);
  /**
   * Another tenant's than the caller's; for operators.
   */
  'tenant_id'?: (string);
}

/**
 * One version of a model.
 */
export interface ModelRef__Output {
  /**
   * Without one: the nearest level that has the version.
   */
  'level': (_suho_v1_ModelLevel__Output);
  /**
   * Feed, symbol and timeframe: market/EURUSD/1h.
   */
  'name': (string);
  'version': (string);
  /**
   * Another tenant's than the caller's; for operators.
   */
  'tenant_id': (string);
}
