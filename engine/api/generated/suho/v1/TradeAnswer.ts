// Original file: proto/suho/v1/suho.proto

/**
 * What became of a reported trade.
 */
export const TradeAnswer = {
  /**
   * Never sent.
   */
  TRADE_ANSWER_UNSPECIFIED: 'TRADE_ANSWER_UNSPECIFIED',
  /**
   * It was taken and is durable.
   */
  TRADE_ANSWER_ACCEPTED: 'TRADE_ANSWER_ACCEPTED',
  /**
   * It was reported before; the first report stands.
   */
  TRADE_ANSWER_DUPLICATE: 'TRADE_ANSWER_DUPLICATE',
  /**
   * The tenant has no such prediction.
   */
  TRADE_ANSWER_UNKNOWN_PREDICTION: 'TRADE_ANSWER_UNKNOWN_PREDICTION',
} as const;

/**
 * What became of a reported trade.
 */
export type TradeAnswer =
  /**
   * Never sent.
   */
  | 'TRADE_ANSWER_UNSPECIFIED'
  | 0
  /**
   * It was taken and is durable.
   */
  | 'TRADE_ANSWER_ACCEPTED'
  | 1
  /**
   * It was reported before; the first report stands.
   */
  | 'TRADE_ANSWER_DUPLICATE'
  | 2
  /**
   * The tenant has no such prediction.
   */
  | 'TRADE_ANSWER_UNKNOWN_PREDICTION'
  | 3

/**
 * What became of a reported trade.
 */
export type TradeAnswer__Output = typeof TradeAnswer[keyof typeof TradeAnswer]
