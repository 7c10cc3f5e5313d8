// Original file: proto/suho/v1/suho.proto

/**
 * Whether an instrument takes input.
 */
export const InstrumentState = {
  /**
   * Never sent.
   */
  INSTRUMENT_STATE_UNSPECIFIED: 'INSTRUMENT_STATE_UNSPECIFIED',
  /**
   * It takes input.
   */
  INSTRUMENT_STATE_LIVE: 'INSTRUMENT_STATE_LIVE',
  /**
   * It refuses input for a moment, while its state is computed from its last snapshot and the journal.
   */
  INSTRUMENT_STATE_RECOVERING: 'INSTRUMENT_STATE_RECOVERING',
  /**
   * It refuses input until the next start; `error` says why.
   */
  INSTRUMENT_STATE_FAILED: 'INSTRUMENT_STATE_FAILED',
} as const;

/**
 * Whether an instrument takes input.
 */
export type InstrumentState =
  /**
   * Never sent.
   */
  | 'INSTRUMENT_STATE_UNSPECIFIED'
  | 0
  /**
   * It takes input.
   */
  | 'INSTRUMENT_STATE_LIVE'
  | 1
  /**
   * It refuses input for a moment, while its state is computed from its last snapshot and the journal.
   */
  | 'INSTRUMENT_STATE_RECOVERING'
  | 2
  /**
   * It refuses input until the next start; `error` says why.
   */
  | 'INSTRUMENT_STATE_FAILED'
  | 3

/**
 * Whether an instrument takes input.
 */
export type InstrumentState__Output = typeof InstrumentState[keyof typeof InstrumentState]
