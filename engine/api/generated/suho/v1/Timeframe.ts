// Original file: proto/suho/v1/suho.proto

export const Timeframe = {
  TIMEFRAME_UNSPECIFIED: 'TIMEFRAME_UNSPECIFIED',
  TIMEFRAME_1M: 'TIMEFRAME_1M',
  TIMEFRAME_5M: 'TIMEFRAME_5M',
  TIMEFRAME_15M: 'TIMEFRAME_15M',
  TIMEFRAME_30M: 'TIMEFRAME_30M',
  TIMEFRAME_1H: 'TIMEFRAME_1H',
  TIMEFRAME_4H: 'TIMEFRAME_4H',
  TIMEFRAME_1D: 'TIMEFRAME_1D',
} as const;

export type Timeframe =
  | 'TIMEFRAME_UNSPECIFIED'
  | 0
  | 'TIMEFRAME_1M'
  | 1
  | 'TIMEFRAME_5M'
  | 2
  | 'TIMEFRAME_15M'
  | 3
  | 'TIMEFRAME_30M'
  | 4
  | 'TIMEFRAME_1H'
  | 5
  | 'TIMEFRAME_4H'
  | 6
  | 'TIMEFRAME_1D'
  | 7

export type Timeframe__Output = typeof Timeframe[keyof typeof Timeframe]
