// Original file: proto/suho/v1/suho.proto


/**
 * The forecast over one horizon: model and similar moments combined.
 */
export interface Forecast {
  /**
   * 1h, 4h or 1d after the bar's close.
   */
  'horizon'?: (string);
  /**
   * Probability that the price falls, 0..1; down, flat and up add up to 1.
   */
  'down'?: (number | string);
  /**
   * Probability that the price stays within the dead zone of spread and ATR, 0..1.
   */
  'flat'?: (number | string);
  /**
   * Probability that the price rises, 0..1.
   */
  'up'?: (number | string);
  /**
   * Expected return, as a fraction of the price: 0.001 is 0.1 %.
   */
  'expected_return'?: (number | string);
}

/**
 * The forecast over one horizon: model and similar moments combined.
 */
export interface Forecast__Output {
  /**
   * 1h, 4h or 1d after the bar's close.
   */
  'horizon': (string);
  /**
   * Probability that the price falls, 0..1; down, flat and up add up to 1.
   */
  'down': (number);
  /**
   * Probability that the price stays within the dead zone of spread and ATR, 0..1.
   */
  'flat': (number);
  /**
   * Probability that the price rises, 0..1.
   */
  'up': (number);
  /**
   * Expected return, as a fraction of the price: 0.001 is 0.1 %.
   */
  'expected_return': (number);
}
