// Original file: proto/suho/v1/suho.proto

import type { Timeframe as _suho_v1_Timeframe, Timeframe__Output as _suho_v1_Timeframe__Output } from '../../suho/v1/Timeframe.js';

export interface GetLatestSignalRequest {
  'symbol'?: (string);
  'timeframe'?: (_suho_v1_Timeframe);
}

export interface GetLatestSignalRequest__Output {
  'symbol': (string);
  'timeframe': (_suho_v1_Timeframe__Output);
}
