// Original file: proto/suho/v1/suho.proto


export interface Rejection {
  /**
   * Index in the request.
   */
  'index'?: (number);
  'reason'?: (string);
}

export interface Rejection__Output {
  /**
   * Index in the request.
   */
  'index': (number);
  'reason': (string);
}
