// Original file: proto/suho/v1/suho.proto

import type { Instrument as _suho_v1_Instrument, Instrument__Output as _suho_v1_Instrument__Output } from '../../suho/v1/Instrument.js';

export interface ListInstrumentsResponse {
  'instruments'?: (_suho_v1_Instrument)[];
}

export interface ListInstrumentsResponse__Output {
  'instruments': (_suho_v1_Instrument__Output)[];
}
