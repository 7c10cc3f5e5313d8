// Original file: proto/suho/v1/suho.proto

import type { TradeAnswer as _suho_v1_TradeAnswer, TradeAnswer__Output as _suho_v1_TradeAnswer__Output } from '../../suho/v1/TradeAnswer.js';

/**
 * What became of a reported trade, and what it earned as the engine keeps it.
 */
export interface ReportTradeResponse {
  /**
   * Whether it was taken.
   */
  'answer'?: (_suho_v1_TradeAnswer);
  /**
   * Profit after costs, in `currency`; 0 unless the trade is known.
   */
  'pnl_money'?: (number | string);
  /**
   * Currency of `pnl_money`.
   */
  'currency'?: (string);
  /**
   * Change of the price in the trade's direction, in pips: 0.0001 for currency pairs, 0.01 for those in yen.
   */
  'pnl_pips'?: (number | string);
  /**
   * Change of the price in the trade's direction, in per cent of the entry price.
   */
  'pnl_percent'?: (number | string);
}

/**
 * What became of a reported trade, and what it earned as the engine keeps it.
 */
export interface ReportTradeResponse__Output {
  /**
   * Whether it was taken.
   */
  'answer': (_suho_v1_TradeAnswer__Output);
  /**
   * Profit after costs, in `currency`; 0 unless the trade is known.
   */
  'pnl_money': (number);
  /**
   * Currency of `pnl_money`.
   */
  'currency': (string);
  /**
   * Change of the price in the trade's direction, in pips: 0.0001 for currency pairs, 0.01 for those in yen.
   */
  'pnl_pips': (number);
  /**
   * Change of the price in the trade's direction, in per cent of the entry price.
   */
  'pnl_percent': (number);
}
