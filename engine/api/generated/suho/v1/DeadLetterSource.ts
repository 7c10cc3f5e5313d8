// Original file: proto/suho/v1/suho.proto

/**
 * What failed at a dead letter.
 */
export const DeadLetterSource = {
  /**
   * Never sent.
   */
  DEAD_LETTER_SOURCE_UNSPECIFIED: 'DEAD_LETTER_SOURCE_UNSPECIFIED',
  /**
   * A message that an actor failed at. It is not retried: the actor recovers from its inputs.
   */
  DEAD_LETTER_SOURCE_ACTOR: 'DEAD_LETTER_SOURCE_ACTOR',
  /**
   * A record that a store refused.
   */
  DEAD_LETTER_SOURCE_SINK: 'DEAD_LETTER_SOURCE_SINK',
} as const;

/**
 * What failed at a dead letter.
 */
export type DeadLetterSource =
  /**
   * Never sent.
   */
  | 'DEAD_LETTER_SOURCE_UNSPECIFIED'
  | 0
  /**
   * A message that an actor failed at. It is not retried: the actor recovers from its inputs.
   */
  | 'DEAD_LETTER_SOURCE_ACTOR'
  | 1
  /**
   * A record that a store refused.
   */
  | 'DEAD_LETTER_SOURCE_SINK'
  | 2

/**
 * What failed at a dead letter.
 */
export type DeadLetterSource__Output = typeof DeadLetterSource[keyof typeof DeadLetterSource]
