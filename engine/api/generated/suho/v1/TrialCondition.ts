// Original file: proto/suho/v1/models.proto


/**
 * Something that is counted during a trial, and from which value on it is enough.
 */
export interface TrialCondition {
  /**
   * Such as "evidence that v1.0.3 is better"; evidence is an e-value.
   */
  'what'?: (string);
  /**
   * How much there is of it.
   */
  'value'?: (number | string);
  /**
   * How much is enough.
   */
  'needed'?: (number | string);
}

/**
 * Something that is counted during a trial, and from which value on it is enough.
 */
export interface TrialCondition__Output {
  /**
   * Such as "evidence that v1.0.3 is better"; evidence is an e-value.
   */
  'what': (string);
  /**
   * How much there is of it.
   */
  'value': (number);
  /**
   * How much is enough.
   */
  'needed': (number);
}
