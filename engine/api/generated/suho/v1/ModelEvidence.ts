// Original file: proto/suho/v1/suho.proto


export interface ModelEvidence {
  'model_id'?: (string);
  'version'?: (string);
  'arm'?: (string);
  /**
   * Down, flat, up of each horizon, before pattern evidence.
   */
  'probabilities'?: (number | string)[];
}

export interface ModelEvidence__Output {
  'model_id': (string);
  'version': (string);
  'arm': (string);
  /**
   * Down, flat, up of each horizon, before pattern evidence.
   */
  'probabilities': (number)[];
}
