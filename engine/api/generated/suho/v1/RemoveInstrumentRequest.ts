// Original file: proto/suho/v1/suho.proto


/**
 * Which instrument to stop following.
 */
export interface RemoveInstrumentRequest {
  /**
   * Its id, as ListInstruments gives it; 1 to 160 characters.
   */
  'instrument_id'?: (string);
}

/**
 * Which instrument to stop following.
 */
export interface RemoveInstrumentRequest__Output {
  /**
   * Its id, as ListInstruments gives it; 1 to 160 characters.
   */
  'instrument_id': (string);
}
