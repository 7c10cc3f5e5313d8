-- Predictions past their 90 days in PostgreSQL (schemas/03), with what came of them, for analysis. Generated from code; do
-- not edit.
--
-- An engine writes them here before it drops them there. A row that is written again replaces itself: read with FINAL
-- (or SET final = 1) to see each once. Kept for ten years from then.
CREATE TABLE IF NOT EXISTS ml_predictions_history
(
    prediction_id UUID,
    tenant_id LowCardinality(String),
    user_id Nullable(String),
    symbol LowCardinality(String),
    timeframe LowCardinality(String),
    bar_close_time DateTime64(3, 'UTC'),
    price Float64 CODEC(ZSTD(1)),
    spread Nullable(Float64) CODEC(ZSTD(1)),
    model_id LowCardinality(String),
    model_version LowCardinality(String),
    arm LowCardinality(String),
    served Bool,
    direction LowCardinality(String),
    confidence Float64 CODEC(ZSTD(1)),
    primary_horizon LowCardinality(String),
    abstained Array(String),
    degraded Array(String),
    anomaly Float64 CODEC(ZSTD(1)),
    quality_score Float64 CODEC(ZSTD(1)),
    quality_flags UInt32,
    down_1h Float64 CODEC(ZSTD(1)),
    flat_1h Float64 CODEC(ZSTD(1)),
    up_1h Float64 CODEC(ZSTD(1)),
    expected_return_1h Float64 CODEC(ZSTD(1)),
    down_4h Float64 CODEC(ZSTD(1)),
    flat_4h Float64 CODEC(ZSTD(1)),
    up_4h Float64 CODEC(ZSTD(1)),
    expected_return_4h Float64 CODEC(ZSTD(1)),
    down_1d Float64 CODEC(ZSTD(1)),
    flat_1d Float64 CODEC(ZSTD(1)),
    up_1d Float64 CODEC(ZSTD(1)),
    expected_return_1d Float64 CODEC(ZSTD(1)),
    predicted_1h Int8,
    predicted_4h Int8,
    predicted_1d Int8,
    actual_1h Nullable(Int8),
    actual_4h Nullable(Int8),
    actual_1d Nullable(Int8),
    return_1h Nullable(Float64) CODEC(ZSTD(1)),
    return_4h Nullable(Float64) CODEC(ZSTD(1)),
    return_1d Nullable(Float64) CODEC(ZSTD(1)),
    resolved_1h Nullable(DateTime64(3, 'UTC')),
    resolved_4h Nullable(DateTime64(3, 'UTC')),
    resolved_1d Nullable(DateTime64(3, 'UTC')),
    pattern_matches Nullable(UInt32),
    pattern_effective Nullable(Float64) CODEC(ZSTD(1)),
    pattern_win_rate Nullable(Float64) CODEC(ZSTD(1)),
    pattern_mean_return Nullable(Float64) CODEC(ZSTD(1)),
    pattern_nearest Array(String),
    trades UInt32,
    trade_pnl_money Nullable(Float64) CODEC(ZSTD(1)),
    trade_pnl_pips Nullable(Float64) CODEC(ZSTD(1)),
    trade_pnl_percent Nullable(Float64) CODEC(ZSTD(1)),
    trade_won Nullable(Bool),
    trade_closed_at Nullable(DateTime64(3, 'UTC')),
    stored_at DateTime64(3, 'UTC'),
    archived_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(archived_at)
PARTITION BY toYear(bar_close_time)
ORDER BY (tenant_id, symbol, timeframe, bar_close_time, prediction_id)
TTL toDateTime(archived_at) + INTERVAL 3650 DAY;
