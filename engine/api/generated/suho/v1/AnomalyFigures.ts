// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';
import type { AnomalyGroup as _suho_v1_AnomalyGroup, AnomalyGroup__Output as _suho_v1_AnomalyGroup__Output } from '../../suho/v1/AnomalyGroup.js';

/**
 * Signals of anomalous moments beside all others of a symbol and timeframe.
 */
export interface AnomalyFigures {
  /**
   * Canonical symbol.
   */
  'symbol'?: (string);
  /**
   * Timeframe of the bars.
   */
  'timeframe'?: (_suho_v1_Timeframe);
  /**
   * Scores above it are anomalous.
   */
  'above'?: (number | string);
  /**
   * Signals of anomalous moments.
   */
  'anomalous'?: (_suho_v1_AnomalyGroup | null);
  /**
   * All others.
   */
  'usual'?: (_suho_v1_AnomalyGroup | null);
  /**
   * By how much a smaller share of the anomalous ones was right; absent while either has no outcome.
   */
  'shortfall'?: (number | string);
  /**
   * Its 95 % interval (Newcombe 1998); outcomes that overlap make it narrower than it should be.
   */
  'shortfall_low'?: (number | string);
  /**
   * Its upper end.
   */
  'shortfall_high'?: (number | string);
  '_shortfall'?: "shortfall";
  '_shortfall_low'?: "shortfall_low";
  '_shortfall_high'?: "shortfall_high";
}

/**
 * Signals of anomalous moments beside all others of a symbol and timeframe.
 */
export interface AnomalyFigures__Output {
  /**
   * Canonical symbol.
   */
  'symbol': (string);
  /**
   * Timeframe of the bars.
   */
  'timeframe': (_suho_v1_Timeframe__Output);
  /**
   * Scores above it are anomalous.
   */
  'above': (number);
  /**
   * Signals of anomalous moments.
   */
  'anomalous': (_suho_v1_AnomalyGroup__Output | null);
  /**
   * All others.
   */
  'usual': (_suho_v1_AnomalyGroup__Output | null);
  /**
   * By how much a smaller share of the anomalous ones was right; absent while either has no outcome.
   */
  'shortfall'?: (number);
  /**
   * Its 95 % interval (Newcombe 1998); outcomes that overlap make it narrower than it should be.
   */
  'shortfall_low'?: (number);
  /**
   * Its upper end.
   */
  'shortfall_high'?: (number);
}
