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
   * DIRECTION_LONG or DIRECTION_SHORT.
   */
  'side'?: (_suho_v1_Direction);
  /**
   * Units of the base currency, contracts or shares; above 0.
   */
  'quantity'?: (number | string);
  /**
   * When it was opened, epoch milliseconds UTC; not before the signal's bar closed.
   */
  'entry_time'?: (number | string | Long);
  /**
   * Price it was opened at, in the quote currency.
   */
  'entry_price'?: (number | string);
  /**
   * When it was closed, epoch milliseconds UTC.
   */
  'exit_time'?: (number | string | Long);
  /**
   * Price it was closed at, in the quote currency.
   */
  'exit_price'?: (number | string);
  /**
   * Profit after costs, in `currency`; computed from prices, quantity and costs when left out.
   */
  'pnl_money'?: (number | string);
  /**
   * Of money; the symbol's quote currency when left out.
   */
  'currency'?: (string);
  /**
   * Commission, in `currency`; a cost is positive.
   */
  'commission'?: (number | string);
  /**
   * Cost of holding (swap), in `currency`; a cost is positive.
   */
  'financing'?: (number | string);
  /**
   * Slippage against the expected price, in pips; absent when unknown.
   */
  'slippage_pips'?: (number | string);
  /**
   * Why it was closed, in your words; at most 200 characters.
   */
  'exit_reason'?: (string);
  /**
   * Your own figures of the market at the time, at most 64; names of 1 to 64 printable ASCII characters.
   */
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
   * DIRECTION_LONG or DIRECTION_SHORT.
   */
  'side': (_suho_v1_Direction__Output);
  /**
   * Units of the base currency, contracts or shares; above 0.
   */
  'quantity': (number);
  /**
   * When it was opened, epoch milliseconds UTC; not before the signal's bar closed.
   */
  'entry_time': (string);
  /**
   * Price it was opened at, in the quote currency.
   */
  'entry_price': (number);
  /**
   * When it was closed, epoch milliseconds UTC.
   */
  'exit_time': (string);
  /**
   * Price it was closed at, in the quote currency.
   */
  'exit_price': (number);
  /**
   * Profit after costs, in `currency`; computed from prices, quantity and costs when left out.
   */
  'pnl_money'?: (number);
  /**
   * Of money; the symbol's quote currency when left out.
   */
  'currency'?: (string);
  /**
   * Commission, in `currency`; a cost is positive.
   */
  'commission': (number);
  /**
   * Cost of holding (swap), in `currency`; a cost is positive.
   */
  'financing': (number);
  /**
   * Slippage against the expected price, in pips; absent when unknown.
   */
  'slippage_pips'?: (number);
  /**
   * Why it was closed, in your words; at most 200 characters.
   */
  'exit_reason': (string);
  /**
   * Your own figures of the market at the time, at most 64; names of 1 to 64 printable ASCII characters.
   */
  'market_conditions': ({[key: string]: number});
}
