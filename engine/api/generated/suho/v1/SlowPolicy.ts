// Original file: proto/suho/v1/suho.proto

/**
 * What happens to a subscriber that falls behind.
 */
export const SlowPolicy = {
  /**
   * Nothing is skipped; when the queue is full the stream ends with RESOURCE_EXHAUSTED and the last sequence
   * number, from which it can be resumed.
   */
  KEEP_ALL: 'KEEP_ALL',
  /**
   * Only the newest signal of each series waits; `skipped` counts the others.
   */
  LATEST_PER_SERIES: 'LATEST_PER_SERIES',
} as const;

/**
 * What happens to a subscriber that falls behind.
 */
export type SlowPolicy =
  /**
   * Nothing is skipped; when the queue is full the stream ends with RESOURCE_EXHAUSTED and the last sequence
   * number, from which it can be resumed.
   */
  | 'KEEP_ALL'
  | 0
  /**
   * Only the newest signal of each series waits; `skipped` counts the others.
   */
  | 'LATEST_PER_SERIES'
  | 1

/**
 * What happens to a subscriber that falls behind.
 */
export type SlowPolicy__Output = typeof SlowPolicy[keyof typeof SlowPolicy]
