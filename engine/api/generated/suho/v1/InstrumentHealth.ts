// Original file: proto/suho/v1/suho.proto


/**
 * An instrument that is not live.
 */
export interface InstrumentHealth {
  /**
   * Its id: owner, `@`, feed, `/`, symbol.
   */
  'name'?: (string);
  /**
   * `recovering` or `failed`.
   */
  'state'?: (string);
  /**
   * Why.
   */
  'error'?: (string);
}

/**
 * An instrument that is not live.
 */
export interface InstrumentHealth__Output {
  /**
   * Its id: owner, `@`, feed, `/`, symbol.
   */
  'name': (string);
  /**
   * `recovering` or `failed`.
   */
  'state': (string);
  /**
   * Why.
   */
  'error': (string);
}
