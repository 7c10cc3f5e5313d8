// Original file: proto/suho/v1/operations.proto


/**
 * What changed.
 */
export interface ReloadConfigResponse {
  /**
   * Tenants that are new, gone or differ.
   */
  'tenants'?: (string)[];
  /**
   * Settings that differ and take effect at the next start.
   */
  'need_restart'?: (string)[];
}

/**
 * What changed.
 */
export interface ReloadConfigResponse__Output {
  /**
   * Tenants that are new, gone or differ.
   */
  'tenants': (string)[];
  /**
   * Settings that differ and take effect at the next start.
   */
  'need_restart': (string)[];
}
