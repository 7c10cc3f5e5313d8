// Original file: proto/suho/v1/suho.proto


export interface ModelUse {
  'series'?: (string);
  'tenant_id'?: (string);
  'arm'?: (string);
}

export interface ModelUse__Output {
  'series': (string);
  'tenant_id': (string);
  'arm': (string);
}
