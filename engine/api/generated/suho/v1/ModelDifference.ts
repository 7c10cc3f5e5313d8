// Original file: proto/suho/v1/suho.proto


export interface ModelDifference {
  'field'?: (string);
  'own'?: (string);
  'other'?: (string);
}

export interface ModelDifference__Output {
  'field': (string);
  'own': (string);
  'other': (string);
}
