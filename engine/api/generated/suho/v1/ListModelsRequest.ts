// Original file: proto/suho/v1/models.proto


/**
 * Which models to list.
 */
export interface ListModelsRequest {
  /**
   * Of one name only; of all when empty.
   */
  'name'?: (string);
  /**
   * What this tenant sees; for operators. When empty every tenant's for operators, else what the caller sees.
   */
  'tenant_id'?: (string);
}

/**
 * Which models to list.
 */
export interface ListModelsRequest__Output {
  /**
   * Of one name only; of all when empty.
   */
  'name': (string);
  /**
   * What this tenant sees; for operators. When empty every tenant's for operators, else what the caller sees.
   */
  'tenant_id': (string);
}
