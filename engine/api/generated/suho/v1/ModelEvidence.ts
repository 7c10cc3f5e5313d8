// Original file: proto/suho/v1/suho.proto


/**
 * What the model said.
 */
export interface ModelEvidence {
  /**
   * Content address of the model: the SHA-256 of its files.
   */
  'model_id'?: (string);
  /**
   * Version of the model, e.g. v1.0.3.
   */
  'version'?: (string);
  /**
   * Rollout arm that the bar belongs to: `production`, or `canary` while a new version gets a share of the bars.
   */
  'arm'?: (string);
  /**
   * Down, flat, up of each horizon (1h, 4h, 1d), 0..1, before pattern evidence: 9 numbers.
   */
  'probabilities'?: (number | string)[];
}

/**
 * What the model said.
 */
export interface ModelEvidence__Output {
  /**
   * Content address of the model: the SHA-256 of its files.
   */
  'model_id': (string);
  /**
   * Version of the model, e.g. v1.0.3.
   */
  'version': (string);
  /**
   * Rollout arm that the bar belongs to: `production`, or `canary` while a new version gets a share of the bars.
   */
  'arm': (string);
  /**
   * Down, flat, up of each horizon (1h, 4h, 1d), 0..1, before pattern evidence: 9 numbers.
   */
  'probabilities': (number)[];
}
