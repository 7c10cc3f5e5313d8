// Original file: proto/suho/v1/suho.proto

export const InstrumentState = {
  INSTRUMENT_STATE_UNSPECIFIED: 'INSTRUMENT_STATE_UNSPECIFIED',
  LIVE: 'LIVE',
  RECOVERING: 'RECOVERING',
  FAILED: 'FAILED',
} as const;

export type InstrumentState =
  | 'INSTRUMENT_STATE_UNSPECIFIED'
  | 0
  | 'LIVE'
  | 1
  | 'RECOVERING'
  | 2
  | 'FAILED'
  | 3

export type InstrumentState__Output = typeof InstrumentState[keyof typeof InstrumentState]
