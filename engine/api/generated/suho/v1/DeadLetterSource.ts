// Original file: proto/suho/v1/suho.proto

export const DeadLetterSource = {
  DEAD_LETTER_SOURCE_UNSPECIFIED: 'DEAD_LETTER_SOURCE_UNSPECIFIED',
  /**
   * A message that an actor failed at. It is not retried: the actor recovers from its inputs.
   */
  ACTOR: 'ACTOR',
  /**
   * A record that a store refused.
   */
  SINK: 'SINK',
} as const;

export type DeadLetterSource =
  | 'DEAD_LETTER_SOURCE_UNSPECIFIED'
  | 0
  /**
   * A message that an actor failed at. It is not retried: the actor recovers from its inputs.
   */
  | 'ACTOR'
  | 1
  /**
   * A record that a store refused.
   */
  | 'SINK'
  | 2

export type DeadLetterSource__Output = typeof DeadLetterSource[keyof typeof DeadLetterSource]
