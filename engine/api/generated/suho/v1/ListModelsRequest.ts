// Original file: proto/suho/v1/suho.proto


export interface ListModelsRequest {
  /**
   * Empty: all.
   */
  'name'?: (string);
  /**
   * Another tenant's view than the caller's; for operators. Empty: every tenant's for operators, else the caller's.
   */
  'tenant_id'?: (string);
}

export interface ListModelsRequest__Output {
  /**
   * Empty: all.
   */
  'name': (string);
  /**
   * Another tenant's view than the caller's; for operators. Empty: every tenant's for operators, else the caller's.
   */
  'tenant_id': (string);
}
