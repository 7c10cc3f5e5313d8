// Original file: proto/suho/v1/suho.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { ListInstrumentsRequest as _suho_v1_ListInstrumentsRequest, ListInstrumentsRequest__Output as _suho_v1_ListInstrumentsRequest__Output } from '../../suho/v1/ListInstrumentsRequest.js';
import type { ListInstrumentsResponse as _suho_v1_ListInstrumentsResponse, ListInstrumentsResponse__Output as _suho_v1_ListInstrumentsResponse__Output } from '../../suho/v1/ListInstrumentsResponse.js';
import type { RemoveInstrumentRequest as _suho_v1_RemoveInstrumentRequest, RemoveInstrumentRequest__Output as _suho_v1_RemoveInstrumentRequest__Output } from '../../suho/v1/RemoveInstrumentRequest.js';
import type { RemoveInstrumentResponse as _suho_v1_RemoveInstrumentResponse, RemoveInstrumentResponse__Output as _suho_v1_RemoveInstrumentResponse__Output } from '../../suho/v1/RemoveInstrumentResponse.js';

export interface InstrumentServiceDefinition {
  ListInstruments: MethodDefinition<_suho_v1_ListInstrumentsRequest, _suho_v1_ListInstrumentsResponse, _suho_v1_ListInstrumentsRequest__Output, _suho_v1_ListInstrumentsResponse__Output>
  RemoveInstrument: MethodDefinition<_suho_v1_RemoveInstrumentRequest, _suho_v1_RemoveInstrumentResponse, _suho_v1_RemoveInstrumentRequest__Output, _suho_v1_RemoveInstrumentResponse__Output>
}
