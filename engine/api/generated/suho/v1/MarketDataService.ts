// Original file: proto/suho/v1/suho.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { PublishAck as _suho_v1_PublishAck, PublishAck__Output as _suho_v1_PublishAck__Output } from '../../suho/v1/PublishAck.js';
import type { PublishBarsRequest as _suho_v1_PublishBarsRequest, PublishBarsRequest__Output as _suho_v1_PublishBarsRequest__Output } from '../../suho/v1/PublishBarsRequest.js';
import type { PublishQuotesRequest as _suho_v1_PublishQuotesRequest, PublishQuotesRequest__Output as _suho_v1_PublishQuotesRequest__Output } from '../../suho/v1/PublishQuotesRequest.js';

export interface MarketDataServiceDefinition {
  PublishBars: MethodDefinition<_suho_v1_PublishBarsRequest, _suho_v1_PublishAck, _suho_v1_PublishBarsRequest__Output, _suho_v1_PublishAck__Output>
  PublishQuotes: MethodDefinition<_suho_v1_PublishQuotesRequest, _suho_v1_PublishAck, _suho_v1_PublishQuotesRequest__Output, _suho_v1_PublishAck__Output>
}
