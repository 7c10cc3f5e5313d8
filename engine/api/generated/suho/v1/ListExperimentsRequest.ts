// Original file: proto/suho/v1/models.proto


/**
 * Which experiments to list.
 */
export interface ListExperimentsRequest {
  /**
   * Of this tenant; for operators. Empty: what the caller sees.
   */
  'tenant_id'?: (string);
}

/**
 * Which experiments to list.
 */
export interface ListExperimentsRequest__Output {
  /**
   * Of this tenant; for operators. Empty: what the caller sees.
   */
  'tenant_id': (string);
}
