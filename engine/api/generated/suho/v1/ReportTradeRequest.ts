// Original file: proto/suho/v1/suho.proto

import type { Direction as _suho_v1_Direction, Direction__Output as _suho_v1_Direction__Output } from '../../suho/v1/Direction.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A closed trade. Times in epoch milliseconds UTC, prices in the symbol's quote currency.
 */
export interface ReportTradeRequest {
  /**
   * The client's own id; the same trade again changes nothing.
   */
  'trade_id'?: (string);
  /**
   * The signal it was made on.
   */
  'prediction_id'?: (string);
  /**
   * LONG or SHORT.
   */
  'side'?: (_suho_v1_Direction);
  /**
   * Units of the base currency, contracts or shares.
   */
  'quantity'?: (number | string);
  'entry_time'?: (number | string | Long);
  'entry_price'?: (number | string);
  'exit_time'?: (number | string | Long);
  'exit_price'?: (number | string);
  /**
   * After costs; computed from prices, quantity and costs when left out.
   */
  'pnl_money'?: (number | string);
  /**
   * Of money; the symbol's quote currency when left out.
   */
  'currency'?: (string);
  /**
   * Costs, positive.
   */
  'commission'?: (number | string);
  'financing'?: (number | string);
  'slippage_pips'?: (number | string);
  'exit_reason'?: (string);
  'market_conditions'?: ({[key: string]: number | string});
  '_pnl_money'?: "pnl_money";
  '_currency'?: "currency";
  '_slippage_pips'?: "slippage_pips";
}

/**
 * A closed trade. Times in epoch milliseconds UTC, prices in the symbol's quote currency.
 */
export interface ReportTradeRequest__Output {
  /**
   * The client's own id; the same trade again changes nothing.
   */
  'trade_id': (string);
  /**
   * The signal it was made on.
   */
  'prediction_id': (string);
  /**
   * LONG or SHORT.
   */
  'side': (_suho_v1_Direction__Output);
  /**
   * Units of the base currency, contracts or shares.
   */
  'quantity': (number);
  'entry_time': (string);
  'entry_price': (number);
  'exit_time': (string);
  'exit_price': (number);
  /**
   * After costs; computed from prices, quantity and costs when left out.
   */
  'pnl_money'?: (number);
  /**
   * Of money; the symbol's quote currency when left out.
   */
  'currency'?: (string);
  /**
   * Costs, positive.
   */
  'commission': (number);
  'financing': (number);
  'slippage_pips'?: (number);
  'exit_reason': (string);
  'market_conditions': ({[key: string]: number});
}
