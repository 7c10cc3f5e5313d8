// Original file: proto/suho/v1/suho.proto


export interface RemoveInstrumentRequest {
  'instrument_id'?: (string);
}

export interface RemoveInstrumentRequest__Output {
  'instrument_id': (string);
}
