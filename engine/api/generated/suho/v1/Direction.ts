// Original file: proto/suho/v1/suho.proto

/**
 * What a signal says to do, and the side of a trade.
 */
export const Direction = {
  /**
   * Not a direction: never sent, and refused with INVALID_ARGUMENT.
   */
  DIRECTION_UNSPECIFIED: 'DIRECTION_UNSPECIFIED',
  /**
   * Buy: the price is expected to rise.
   */
  DIRECTION_LONG: 'DIRECTION_LONG',
  /**
   * Sell: the price is expected to fall.
   */
  DIRECTION_SHORT: 'DIRECTION_SHORT',
  /**
   * Do nothing; `abstained` says why. Not a side of a trade.
   */
  DIRECTION_FLAT: 'DIRECTION_FLAT',
} as const;

/**
 * What a signal says to do, and the side of a trade.
 */
export type Direction =
  /**
   * Not a direction: never sent, and refused with INVALID_ARGUMENT.
   */
  | 'DIRECTION_UNSPECIFIED'
  | 0
  /**
   * Buy: the price is expected to rise.
   */
  | 'DIRECTION_LONG'
  | 1
  /**
   * Sell: the price is expected to fall.
   */
  | 'DIRECTION_SHORT'
  | 2
  /**
   * Do nothing; `abstained` says why. Not a side of a trade.
   */
  | 'DIRECTION_FLAT'
  | 3

/**
 * What a signal says to do, and the side of a trade.
 */
export type Direction__Output = typeof Direction[keyof typeof Direction]
