// Original file: proto/suho/v1/suho.proto

import type { Long } from '@grpc/proto-loader';

/**
 * A closed bar.
 */
export interface Bar {
  /**
   * When it opened, epoch milliseconds UTC, on the grid of the timeframe and the symbol's calendar.
   */
  'open_time'?: (number | string | Long);
  /**
   * First price, in the quote currency; above 0.
   */
  'open'?: (number | string);
  /**
   * Highest price, in the quote currency.
   */
  'high'?: (number | string);
  /**
   * Lowest price, in the quote currency.
   */
  'low'?: (number | string);
  /**
   * Last price, in the quote currency.
   */
  'close'?: (number | string);
  /**
   * Traded volume, in the venue's unit; absent when unknown.
   */
  'volume'?: (number | string);
  /**
   * Number of price changes; absent when unknown.
   */
  'tick_count'?: (number | string);
  /**
   * Bid at the close, in the quote currency; absent when unknown.
   */
  'bid'?: (number | string);
  /**
   * Ask at the close, in the quote currency; absent when unknown.
   */
  'ask'?: (number | string);
  '_volume'?: "volume";
  '_tick_count'?: "tick_count";
  '_bid'?: "bid";
  '_ask'?: "ask";
}

/**
 * A closed bar.
 */
export interface Bar__Output {
  /**
   * When it opened, epoch milliseconds UTC, on the grid of the timeframe and the symbol's calendar.
   */
  'open_time': (string);
  /**
   * First price, in the quote currency; above 0.
   */
  'open': (number);
  /**
   * Highest price, in the quote currency.
   */
  'high': (number);
  /**
   * Lowest price, in the quote currency.
   */
  'low': (number);
  /**
   * Last price, in the quote currency.
   */
  'close': (number);
  /**
   * Traded volume, in the venue's unit; absent when unknown.
   */
  'volume'?: (number);
  /**
   * Number of price changes; absent when unknown.
   */
  'tick_count'?: (number);
  /**
   * Bid at the close, in the quote currency; absent when unknown.
   */
  'bid'?: (number);
  /**
   * Ask at the close, in the quote currency; absent when unknown.
   */
  'ask'?: (number);
}
