// Original file: proto/suho/v1/suho.proto

/**
 * What happens to a subscriber that falls behind.
 */
export const SlowPolicy = {
  /**
   * As SLOW_POLICY_KEEP_ALL.
   */
  SLOW_POLICY_UNSPECIFIED: 'SLOW_POLICY_UNSPECIFIED',
  /**
   * Only the newest signal of each series waits; `skipped` counts the others.
   */
  SLOW_POLICY_LATEST_PER_SERIES: 'SLOW_POLICY_LATEST_PER_SERIES',
  /**
   * Nothing is skipped; when the queue is full the stream ends with RESOURCE_EXHAUSTED, the reason SUBSCRIBER_TOO_SLOW
   * and, in its metadata, `resume_after`: the last sequence number sent, from which it can be resumed.
   */
  SLOW_POLICY_KEEP_ALL: 'SLOW_POLICY_KEEP_ALL',
} as const;

/**
 * What happens to a subscriber that falls behind.
 */
export type SlowPolicy =
  /**
   * As SLOW_POLICY_KEEP_ALL.
   */
  | 'SLOW_POLICY_UNSPECIFIED'
  | 0
  /**
   * Only the newest signal of each series waits; `skipped` counts the others.
   */
  | 'SLOW_POLICY_LATEST_PER_SERIES'
  | 1
  /**
   * Nothing is skipped; when the queue is full the stream ends with RESOURCE_EXHAUSTED, the reason SUBSCRIBER_TOO_SLOW
   * and, in its metadata, `resume_after`: the last sequence number sent, from which it can be resumed.
   */
  | 'SLOW_POLICY_KEEP_ALL'
  | 2

/**
 * What happens to a subscriber that falls behind.
 */
export type SlowPolicy__Output = typeof SlowPolicy[keyof typeof SlowPolicy]
