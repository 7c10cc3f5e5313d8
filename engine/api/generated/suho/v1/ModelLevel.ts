// Original file: proto/suho/v1/suho.proto

/**
 * Whose a model is. The nearest serves: a user's before its tenant's before the platform's.
 */
export const ModelLevel = {
  MODEL_LEVEL_UNSPECIFIED: 'MODEL_LEVEL_UNSPECIFIED',
  PLATFORM: 'PLATFORM',
  TENANT: 'TENANT',
  USER: 'USER',
} as const;

/**
 * Whose a model is. The nearest serves: a user's before its tenant's before the platform's.
 */
export type ModelLevel =
  | 'MODEL_LEVEL_UNSPECIFIED'
  | 0
  | 'PLATFORM'
  | 1
  | 'TENANT'
  | 2
  | 'USER'
  | 3

/**
 * Whose a model is. The nearest serves: a user's before its tenant's before the platform's.
 */
export type ModelLevel__Output = typeof ModelLevel[keyof typeof ModelLevel]
