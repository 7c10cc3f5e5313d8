// Original file: proto/suho/v1/suho.proto


/**
 * What a gate asked of a signal and what it got.
 */
export interface GateCheck {
  /**
   * What it looks at.
   */
  'name'?: (string);
  /**
   * The reason a signal that fails it has in `abstained`.
   */
  'reason'?: (string);
  /**
   * What it saw; absent where it looks at no single number, or it is no longer known.
   */
  'value'?: (number | string);
  /**
   * The limit it compared with; absent where it has none.
   */
  'limit'?: (number | string);
  /**
   * Whether the signal passed.
   */
  'passed'?: (boolean);
  '_value'?: "value";
  '_limit'?: "limit";
}

/**
 * What a gate asked of a signal and what it got.
 */
export interface GateCheck__Output {
  /**
   * What it looks at.
   */
  'name': (string);
  /**
   * The reason a signal that fails it has in `abstained`.
   */
  'reason': (string);
  /**
   * What it saw; absent where it looks at no single number, or it is no longer known.
   */
  'value'?: (number);
  /**
   * The limit it compared with; absent where it has none.
   */
  'limit'?: (number);
  /**
   * Whether the signal passed.
   */
  'passed': (boolean);
}
