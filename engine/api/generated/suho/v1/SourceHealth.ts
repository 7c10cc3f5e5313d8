// Original file: proto/suho/v1/suho.proto


export interface SourceHealth {
  'name'?: (string);
  'healthy'?: (boolean);
  'error'?: (string);
}

export interface SourceHealth__Output {
  'name': (string);
  'healthy': (boolean);
  'error': (string);
}
