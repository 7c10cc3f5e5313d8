// Original file: proto/suho/v1/suho.proto

/**
 * Length of a bar.
 */
export const Timeframe = {
  /**
   * Not a timeframe: refused with INVALID_ARGUMENT.
   */
  TIMEFRAME_UNSPECIFIED: 'TIMEFRAME_UNSPECIFIED',
  /**
   * 1 minute.
   */
  TIMEFRAME_1M: 'TIMEFRAME_1M',
  /**
   * 5 minutes.
   */
  TIMEFRAME_5M: 'TIMEFRAME_5M',
  /**
   * 15 minutes.
   */
  TIMEFRAME_15M: 'TIMEFRAME_15M',
  /**
   * 30 minutes.
   */
  TIMEFRAME_30M: 'TIMEFRAME_30M',
  /**
   * 1 hour.
   */
  TIMEFRAME_1H: 'TIMEFRAME_1H',
  /**
   * 4 hours, on the grid of the symbol's calendar.
   */
  TIMEFRAME_4H: 'TIMEFRAME_4H',
  /**
   * A day of the symbol's calendar.
   */
  TIMEFRAME_1D: 'TIMEFRAME_1D',
} as const;

/**
 * Length of a bar.
 */
export type Timeframe =
  /**
   * Not a timeframe: refused with INVALID_ARGUMENT.
   */
  | 'TIMEFRAME_UNSPECIFIED'
  | 0
  /**
   * 1 minute.
   */
  | 'TIMEFRAME_1M'
  | 1
  /**
   * 5 minutes.
   */
  | 'TIMEFRAME_5M'
  | 2
  /**
   * 15 minutes.
   */
  | 'TIMEFRAME_15M'
  | 3
  /**
   * 30 minutes.
   */
  | 'TIMEFRAME_30M'
  | 4
  /**
   * 1 hour.
   */
  | 'TIMEFRAME_1H'
  | 5
  /**
   * 4 hours, on the grid of the symbol's calendar.
   */
  | 'TIMEFRAME_4H'
  | 6
  /**
   * A day of the symbol's calendar.
   */
  | 'TIMEFRAME_1D'
  | 7

/**
 * Length of a bar.
 */
export type Timeframe__Output = typeof Timeframe[keyof typeof Timeframe]
