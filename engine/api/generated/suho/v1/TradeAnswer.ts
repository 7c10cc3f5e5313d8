// Original file: proto/suho/v1/suho.proto

export const TradeAnswer = {
  TRADE_ANSWER_UNSPECIFIED: 'TRADE_ANSWER_UNSPECIFIED',
  ACCEPTED: 'ACCEPTED',
  /**
   * It was reported before; the first report stands.
   */
  DUPLICATE: 'DUPLICATE',
  /**
   * The tenant has no such prediction.
   */
  UNKNOWN_PREDICTION: 'UNKNOWN_PREDICTION',
} as const;

export type TradeAnswer =
  | 'TRADE_ANSWER_UNSPECIFIED'
  | 0
  | 'ACCEPTED'
  | 1
  /**
   * It was reported before; the first report stands.
   */
  | 'DUPLICATE'
  | 2
  /**
   * The tenant has no such prediction.
   */
  | 'UNKNOWN_PREDICTION'
  | 3

export type TradeAnswer__Output = typeof TradeAnswer[keyof typeof TradeAnswer]
