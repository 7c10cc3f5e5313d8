// Original file: proto/suho/v1/suho.proto

import type { TradeAnswer as _suho_v1_TradeAnswer, TradeAnswer__Output as _suho_v1_TradeAnswer__Output } from '../../suho/v1/TradeAnswer.js';

export interface ReportTradeResponse {
  'answer'?: (_suho_v1_TradeAnswer);
  'pnl_money'?: (number | string);
  'currency'?: (string);
  'pnl_pips'?: (number | string);
  'pnl_percent'?: (number | string);
}

export interface ReportTradeResponse__Output {
  'answer': (_suho_v1_TradeAnswer__Output);
  'pnl_money': (number);
  'currency': (string);
  'pnl_pips': (number);
  'pnl_percent': (number);
}
