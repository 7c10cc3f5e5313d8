// Original file: proto/suho/v1/suho.proto


export interface WithheldModel {
  'model_id'?: (string);
  'version'?: (string);
  'reason'?: (string);
}

export interface WithheldModel__Output {
  'model_id': (string);
  'version': (string);
  'reason': (string);
}
