// Original file: proto/suho/v1/models.proto


/**
 * Something that is counted during a trial, and from which value on it is enough.
 */
export interface TrialCondition {
  'what'?: (string);
  'value'?: (number | string);
  'needed'?: (number | string);
}

/**
 * Something that is counted during a trial, and from which value on it is enough.
 */
export interface TrialCondition__Output {
  'what': (string);
  'value': (number);
  'needed': (number);
}
