// Original file: proto/suho/v1/suho.proto

export const Direction = {
  DIRECTION_UNSPECIFIED: 'DIRECTION_UNSPECIFIED',
  LONG: 'LONG',
  SHORT: 'SHORT',
  FLAT: 'FLAT',
} as const;

export type Direction =
  | 'DIRECTION_UNSPECIFIED'
  | 0
  | 'LONG'
  | 1
  | 'SHORT'
  | 2
  | 'FLAT'
  | 3

export type Direction__Output = typeof Direction[keyof typeof Direction]
