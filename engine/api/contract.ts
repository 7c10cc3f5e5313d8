import type { Timeframe } from '../../actors/market/timeframe.js';

/** Messages of proto/suho/v1 as proto-loader gives them: names kept, longs as numbers, enums as strings. */
export type ProtoTimeframe =
  | 'TIMEFRAME_UNSPECIFIED'
  | 'TIMEFRAME_1M'
  | 'TIMEFRAME_5M'
  | 'TIMEFRAME_15M'
  | 'TIMEFRAME_30M'
  | 'TIMEFRAME_1H'
  | 'TIMEFRAME_4H'
  | 'TIMEFRAME_1D';

export interface StreamSignalsRequest {
  readonly symbols: readonly string[];
  readonly timeframes: readonly ProtoTimeframe[];
  readonly resume_after?: number;
  readonly slow_policy: 'KEEP_ALL' | 'LATEST_PER_SERIES';
  readonly only_actionable: boolean;
}

export interface GetLatestSignalRequest {
  readonly symbol: string;
  readonly timeframe: ProtoTimeframe;
}

export interface ProtoSignal {
  readonly sequence: number;
  readonly prediction_id: string;
  readonly tenant_id: string;
  readonly symbol: string;
  readonly timeframe: ProtoTimeframe;
  readonly bar_close_time: number;
  readonly price: number;
  readonly direction: 'LONG' | 'SHORT' | 'FLAT';
  readonly confidence: number;
  readonly primary_horizon: string;
  readonly forecasts: readonly {
    readonly horizon: string;
    readonly down: number;
    readonly flat: number;
    readonly up: number;
    readonly expected_return: number;
  }[];
  readonly model: {
    readonly model_id: string;
    readonly version: string;
    readonly arm: string;
    readonly probabilities: readonly number[];
  };
  readonly patterns: {
    readonly embedding_version: string;
    readonly matches: number;
    readonly effective_sample_size: number;
    readonly agreement: number;
    readonly direction: 'LONG' | 'SHORT' | 'FLAT';
    readonly win_rate_low: number;
    readonly win_rate_high: number;
    readonly mean_return: number;
    readonly similarity: number;
    readonly nearest: readonly string[];
  } | null;
  readonly anomaly: number;
  readonly quality_score: number;
  readonly quality_flags: number;
  readonly abstained: readonly string[];
  readonly degraded: readonly string[];
  readonly timing: { readonly inference_ms: number; readonly patterns_ms: number };
}

export interface SignalUpdate {
  readonly signal: ProtoSignal;
  readonly skipped: number;
}

export interface ProtoBar {
  readonly open_time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume?: number;
  readonly tick_count?: number;
  readonly bid?: number;
  readonly ask?: number;
}

export interface PublishBarsRequest {
  readonly request_id: number;
  readonly symbol: string;
  readonly timeframe: ProtoTimeframe;
  readonly bars: readonly ProtoBar[];
  readonly signal_timeframes: readonly ProtoTimeframe[];
}

export interface PublishQuotesRequest {
  readonly request_id: number;
  readonly symbol: string;
  readonly quotes: readonly {
    readonly ts: number;
    readonly bid: number;
    readonly ask: number;
    readonly bid_size?: number;
    readonly ask_size?: number;
  }[];
  readonly signal_timeframes: readonly ProtoTimeframe[];
}

export interface PublishAck {
  readonly request_id: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly late: number;
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}

export interface ReportTradeRequest {
  readonly trade_id: string;
  readonly prediction_id: string;
  readonly side: 'DIRECTION_UNSPECIFIED' | 'LONG' | 'SHORT' | 'FLAT';
  readonly quantity: number;
  readonly entry_time: number;
  readonly entry_price: number;
  readonly exit_time: number;
  readonly exit_price: number;
  readonly pnl_money?: number;
  readonly currency?: string;
  readonly commission: number;
  readonly financing: number;
  readonly slippage_pips?: number;
  readonly exit_reason: string;
  readonly market_conditions: Readonly<Record<string, number>>;
}

export interface ReportTradeResponse {
  readonly answer: 'ACCEPTED' | 'DUPLICATE' | 'UNKNOWN_PREDICTION';
  readonly pnl_money: number;
  readonly currency: string;
  readonly pnl_pips: number;
  readonly pnl_percent: number;
}

export interface EngineHealth {
  readonly state: string;
  readonly degraded: boolean;
  readonly version: string;
  readonly uptime_seconds: number;
  readonly actors: number;
  readonly queued: number;
  readonly bars: number;
  readonly quotes: number;
  readonly feature_rows: number;
  readonly signals: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly late: number;
  readonly withheld: Readonly<Record<string, number>>;
  readonly dead_letters: number;
  readonly parked_actors: number;
  readonly journal_bytes: number;
  readonly journal_bytes_max: number;
  readonly subscribers: number;
  readonly sinks: readonly {
    readonly name: string;
    readonly healthy: boolean;
    readonly lag_rows: number;
    readonly lag_seconds: number;
    readonly error: string;
  }[];
  readonly sources: readonly {
    readonly name: string;
    readonly healthy: boolean;
    readonly error: string;
  }[];
  readonly simulated: boolean;
  readonly features_checked: number;
  readonly features_differing: number;
  readonly trades: number;
}

export function toProtoTimeframe(timeframe: Timeframe): ProtoTimeframe {
  return `TIMEFRAME_${timeframe.toUpperCase()}` as ProtoTimeframe;
}

/** The timeframe, undefined for the unspecified one. */
export function fromProtoTimeframe(timeframe: ProtoTimeframe): Timeframe | undefined {
  return timeframe === 'TIMEFRAME_UNSPECIFIED' ? undefined : (timeframe.slice(10).toLowerCase() as Timeframe);
}
