// Original file: proto/suho/v1/suho.proto


export interface InstrumentHealth {
  'name'?: (string);
  /**
   * `recovering` or `failed`.
   */
  'state'?: (string);
  'error'?: (string);
}

export interface InstrumentHealth__Output {
  'name': (string);
  /**
   * `recovering` or `failed`.
   */
  'state': (string);
  'error': (string);
}
