// Original file: proto/suho/v1/suho.proto


/**
 * What the market did over one horizon after a signal.
 */
export interface SignalOutcome {
  /**
   * 1h, 4h or 1d.
   */
  'horizon'?: (string);
  /**
   * -1 the price fell, 0 it stayed within the dead zone of spread and ATR, 1 it rose.
   */
  'direction'?: (number);
  /**
   * Return over the horizon, as a fraction of the price: 0.001 is 0.1 %.
   */
  'return'?: (number | string);
}

/**
 * What the market did over one horizon after a signal.
 */
export interface SignalOutcome__Output {
  /**
   * 1h, 4h or 1d.
   */
  'horizon': (string);
  /**
   * -1 the price fell, 0 it stayed within the dead zone of spread and ATR, 1 it rose.
   */
  'direction': (number);
  /**
   * Return over the horizon, as a fraction of the price: 0.001 is 0.1 %.
   */
  'return': (number);
}
