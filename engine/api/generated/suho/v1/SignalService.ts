// Original file: proto/suho/v1/suho.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { ExplainSignalRequest as _suho_v1_ExplainSignalRequest, ExplainSignalRequest__Output as _suho_v1_ExplainSignalRequest__Output } from '../../suho/v1/ExplainSignalRequest.js';
import type { GetLatestSignalRequest as _suho_v1_GetLatestSignalRequest, GetLatestSignalRequest__Output as _suho_v1_GetLatestSignalRequest__Output } from '../../suho/v1/GetLatestSignalRequest.js';
import type { QuerySignalsRequest as _suho_v1_QuerySignalsRequest, QuerySignalsRequest__Output as _suho_v1_QuerySignalsRequest__Output } from '../../suho/v1/QuerySignalsRequest.js';
import type { QuerySignalsResponse as _suho_v1_QuerySignalsResponse, QuerySignalsResponse__Output as _suho_v1_QuerySignalsResponse__Output } from '../../suho/v1/QuerySignalsResponse.js';
import type { Signal as _suho_v1_Signal, Signal__Output as _suho_v1_Signal__Output } from '../../suho/v1/Signal.js';
import type { SignalExplanation as _suho_v1_SignalExplanation, SignalExplanation__Output as _suho_v1_SignalExplanation__Output } from '../../suho/v1/SignalExplanation.js';
import type { SignalUpdate as _suho_v1_SignalUpdate, SignalUpdate__Output as _suho_v1_SignalUpdate__Output } from '../../suho/v1/SignalUpdate.js';
import type { StreamSignalsRequest as _suho_v1_StreamSignalsRequest, StreamSignalsRequest__Output as _suho_v1_StreamSignalsRequest__Output } from '../../suho/v1/StreamSignalsRequest.js';

export interface SignalServiceDefinition {
  ExplainSignal: MethodDefinition<_suho_v1_ExplainSignalRequest, _suho_v1_SignalExplanation, _suho_v1_ExplainSignalRequest__Output, _suho_v1_SignalExplanation__Output>
  GetLatestSignal: MethodDefinition<_suho_v1_GetLatestSignalRequest, _suho_v1_Signal, _suho_v1_GetLatestSignalRequest__Output, _suho_v1_Signal__Output>
  QuerySignals: MethodDefinition<_suho_v1_QuerySignalsRequest, _suho_v1_QuerySignalsResponse, _suho_v1_QuerySignalsRequest__Output, _suho_v1_QuerySignalsResponse__Output>
  StreamSignals: MethodDefinition<_suho_v1_StreamSignalsRequest, _suho_v1_SignalUpdate, _suho_v1_StreamSignalsRequest__Output, _suho_v1_SignalUpdate__Output>
}
