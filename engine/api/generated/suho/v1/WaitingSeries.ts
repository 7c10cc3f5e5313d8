// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';

/**
 * A series with signals but without a model: until it has one its bars are withheld, with the reason `no_model`.
 */
export interface WaitingSeries {
  /**
   * Id of the instrument, a slash, the timeframe.
   */
  'name'?: (string);
  /**
   * Canonical symbol.
   */
  'symbol'?: (string);
  /**
   * Timeframe of its bars.
   */
  'timeframe'?: (_suho_v1_Timeframe);
  /**
   * `collecting` bars; `queued` for its training or `training`; `failed`, and tried again; `off`: it gets no model by itself.
   */
  'state'?: (string);
  /**
   * Bars it has.
   */
  'bars'?: (number);
  /**
   * Bars from which on it is trained.
   */
  'bars_needed'?: (number);
  /**
   * How many of them are still missing.
   */
  'bars_missing'?: (number);
  /**
   * Why the last attempt failed, or what it waits for beside bars.
   */
  'reason'?: (string);
}

/**
 * A series with signals but without a model: until it has one its bars are withheld, with the reason `no_model`.
 */
export interface WaitingSeries__Output {
  /**
   * Id of the instrument, a slash, the timeframe.
   */
  'name': (string);
  /**
   * Canonical symbol.
   */
  'symbol': (string);
  /**
   * Timeframe of its bars.
   */
  'timeframe': (_suho_v1_Timeframe__Output);
  /**
   * `collecting` bars; `queued` for its training or `training`; `failed`, and tried again; `off`: it gets no model by itself.
   */
  'state': (string);
  /**
   * Bars it has.
   */
  'bars': (number);
  /**
   * Bars from which on it is trained.
   */
  'bars_needed': (number);
  /**
   * How many of them are still missing.
   */
  'bars_missing': (number);
  /**
   * Why the last attempt failed, or what it waits for beside bars.
   */
  'reason': (string);
}
