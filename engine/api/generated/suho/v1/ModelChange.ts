// Original file: proto/suho/v1/suho.proto

export const ModelChange = {
  MODEL_CHANGE_UNSPECIFIED: 'MODEL_CHANGE_UNSPECIFIED',
  /**
   * Makes it production; the one before can be rolled back to.
   */
  PROMOTE: 'PROMOTE',
  /**
   * Answers every bar without serving any.
   */
  SHADOW: 'SHADOW',
  /**
   * Serves a share of the bars.
   */
  CANARY: 'CANARY',
  /**
   * Serves a share of the bars until it or production wins, or the time is up.
   */
  AB: 'AB',
  /**
   * Makes production again what was before this one.
   */
  ROLLBACK: 'ROLLBACK',
  /**
   * Ends its trial.
   */
  WITHDRAW: 'WITHDRAW',
  /**
   * Ends it for good.
   */
  ARCHIVE: 'ARCHIVE',
} as const;

export type ModelChange =
  | 'MODEL_CHANGE_UNSPECIFIED'
  | 0
  /**
   * Makes it production; the one before can be rolled back to.
   */
  | 'PROMOTE'
  | 1
  /**
   * Answers every bar without serving any.
   */
  | 'SHADOW'
  | 2
  /**
   * Serves a share of the bars.
   */
  | 'CANARY'
  | 3
  /**
   * Serves a share of the bars until it or production wins, or the time is up.
   */
  | 'AB'
  | 4
  /**
   * Makes production again what was before this one.
   */
  | 'ROLLBACK'
  | 5
  /**
   * Ends its trial.
   */
  | 'WITHDRAW'
  | 6
  /**
   * Ends it for good.
   */
  | 'ARCHIVE'
  | 7

export type ModelChange__Output = typeof ModelChange[keyof typeof ModelChange]
