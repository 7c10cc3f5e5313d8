// Original file: proto/suho/v1/models.proto

/**
 * What can be done to a model.
 */
export const ModelChange = {
  /**
   * Nothing: refused with INVALID_ARGUMENT.
   */
  MODEL_CHANGE_UNSPECIFIED: 'MODEL_CHANGE_UNSPECIFIED',
  /**
   * Makes it production; the one before can be rolled back to.
   */
  MODEL_CHANGE_PROMOTE: 'MODEL_CHANGE_PROMOTE',
  /**
   * Has it answer every bar without serving any.
   */
  MODEL_CHANGE_SHADOW: 'MODEL_CHANGE_SHADOW',
  /**
   * Has it serve a share of the bars.
   */
  MODEL_CHANGE_CANARY: 'MODEL_CHANGE_CANARY',
  /**
   * Has it serve a share of the bars until it or production wins, or the time is up.
   */
  MODEL_CHANGE_AB: 'MODEL_CHANGE_AB',
  /**
   * Makes production again what was before this one.
   */
  MODEL_CHANGE_ROLLBACK: 'MODEL_CHANGE_ROLLBACK',
  /**
   * Ends its trial; one in production of a user or a tenant goes out of use, and the model of the level behind serves.
   */
  MODEL_CHANGE_WITHDRAW: 'MODEL_CHANGE_WITHDRAW',
  /**
   * Ends it for good.
   */
  MODEL_CHANGE_ARCHIVE: 'MODEL_CHANGE_ARCHIVE',
} as const;

/**
 * What can be done to a model.
 */
export type ModelChange =
  /**
   * Nothing: refused with INVALID_ARGUMENT.
   */
  | 'MODEL_CHANGE_UNSPECIFIED'
  | 0
  /**
   * Makes it production; the one before can be rolled back to.
   */
  | 'MODEL_CHANGE_PROMOTE'
  | 1
  /**
   * Has it answer every bar without serving any.
   */
  | 'MODEL_CHANGE_SHADOW'
  | 2
  /**
   * Has it serve a share of the bars.
   */
  | 'MODEL_CHANGE_CANARY'
  | 3
  /**
   * Has it serve a share of the bars until it or production wins, or the time is up.
   */
  | 'MODEL_CHANGE_AB'
  | 4
  /**
   * Makes production again what was before this one.
   */
  | 'MODEL_CHANGE_ROLLBACK'
  | 5
  /**
   * Ends its trial; one in production of a user or a tenant goes out of use, and the model of the level behind serves.
   */
  | 'MODEL_CHANGE_WITHDRAW'
  | 6
  /**
   * Ends it for good.
   */
  | 'MODEL_CHANGE_ARCHIVE'
  | 7

/**
 * What can be done to a model.
 */
export type ModelChange__Output = typeof ModelChange[keyof typeof ModelChange]
