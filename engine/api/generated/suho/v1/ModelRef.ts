// Original file: proto/suho/v1/models.proto

import type { ModelLevel as _suho_v1_ModelLevel, ModelLevel__Output as _suho_v1_ModelLevel__Output } from '../../suho/v1/ModelLevel.js';

/**
 * One version of a model.
 */
export interface ModelRef {
  /**
   * Whose; the nearest that has the version when unspecified.
   */
  'level'?: (_suho_v1_ModelLevel);
  /**
   * Feed, symbol and timeframe: published/EURUSD/1h.
   */
  'name'?: (string);
  /**
   * Such as v1.0.3.
   */
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
   * Whose; the nearest that has the version when unspecified.
   */
  'level': (_suho_v1_ModelLevel__Output);
  /**
   * Feed, symbol and timeframe: published/EURUSD/1h.
   */
  'name': (string);
  /**
   * Such as v1.0.3.
   */
  'version': (string);
  /**
   * Another tenant's than the caller's; for operators.
   */
  'tenant_id': (string);
}
