// Original file: proto/suho/v1/models.proto

/**
 * Whose a model is. The nearest serves: a user's before its tenant's before the platform's.
 */
export const ModelLevel = {
  /**
   * In a request the nearest level that has the version.
   */
  MODEL_LEVEL_UNSPECIFIED: 'MODEL_LEVEL_UNSPECIFIED',
  /**
   * Everyone's.
   */
  MODEL_LEVEL_PLATFORM: 'MODEL_LEVEL_PLATFORM',
  /**
   * A tenant's, for all its users.
   */
  MODEL_LEVEL_TENANT: 'MODEL_LEVEL_TENANT',
  /**
   * One user's of a tenant.
   */
  MODEL_LEVEL_USER: 'MODEL_LEVEL_USER',
} as const;

/**
 * Whose a model is. The nearest serves: a user's before its tenant's before the platform's.
 */
export type ModelLevel =
  /**
   * In a request the nearest level that has the version.
   */
  | 'MODEL_LEVEL_UNSPECIFIED'
  | 0
  /**
   * Everyone's.
   */
  | 'MODEL_LEVEL_PLATFORM'
  | 1
  /**
   * A tenant's, for all its users.
   */
  | 'MODEL_LEVEL_TENANT'
  | 2
  /**
   * One user's of a tenant.
   */
  | 'MODEL_LEVEL_USER'
  | 3

/**
 * Whose a model is. The nearest serves: a user's before its tenant's before the platform's.
 */
export type ModelLevel__Output = typeof ModelLevel[keyof typeof ModelLevel]
