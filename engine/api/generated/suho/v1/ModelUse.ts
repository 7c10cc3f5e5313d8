// Original file: proto/suho/v1/models.proto


/**
 * A place where a model serves or is tried.
 */
export interface ModelUse {
  /**
   * Id of the series.
   */
  'series'?: (string);
  /**
   * Whose signals.
   */
  'tenant_id'?: (string);
  /**
   * production, canary or shadow.
   */
  'arm'?: (string);
}

/**
 * A place where a model serves or is tried.
 */
export interface ModelUse__Output {
  /**
   * Id of the series.
   */
  'series': (string);
  /**
   * Whose signals.
   */
  'tenant_id': (string);
  /**
   * production, canary or shadow.
   */
  'arm': (string);
}
