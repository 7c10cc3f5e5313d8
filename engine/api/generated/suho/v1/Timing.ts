// Original file: proto/suho/v1/suho.proto


export interface Timing {
  'inference_ms'?: (number | string);
  'patterns_ms'?: (number | string);
}

export interface Timing__Output {
  'inference_ms': (number);
  'patterns_ms': (number);
}
