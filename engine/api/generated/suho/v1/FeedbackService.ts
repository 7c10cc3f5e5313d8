// Original file: proto/suho/v1/suho.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { ReportTradeRequest as _suho_v1_ReportTradeRequest, ReportTradeRequest__Output as _suho_v1_ReportTradeRequest__Output } from '../../suho/v1/ReportTradeRequest.js';
import type { ReportTradeResponse as _suho_v1_ReportTradeResponse, ReportTradeResponse__Output as _suho_v1_ReportTradeResponse__Output } from '../../suho/v1/ReportTradeResponse.js';

export interface FeedbackServiceDefinition {
  ReportTrade: MethodDefinition<_suho_v1_ReportTradeRequest, _suho_v1_ReportTradeResponse, _suho_v1_ReportTradeRequest__Output, _suho_v1_ReportTradeResponse__Output>
}
