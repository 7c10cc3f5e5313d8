// Original file: proto/suho/v1/suho.proto


/**
 * An arm of a route plan.
 */
export interface PlanArm {
  /**
   * production, canary or shadow.
   */
  'arm'?: (string);
  /**
   * Version of its model.
   */
  'version'?: (string);
  /**
   * SHA-256 of the model's file.
   */
  'model_sha256'?: (string);
  /**
   * Share of the bars it serves.
   */
  'share'?: (number | string);
}

/**
 * An arm of a route plan.
 */
export interface PlanArm__Output {
  /**
   * production, canary or shadow.
   */
  'arm': (string);
  /**
   * Version of its model.
   */
  'version': (string);
  /**
   * SHA-256 of the model's file.
   */
  'model_sha256': (string);
  /**
   * Share of the bars it serves.
   */
  'share': (number);
}
