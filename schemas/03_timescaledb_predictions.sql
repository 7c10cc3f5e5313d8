-- Predictions and what came of them. Safe to apply again.
CREATE TABLE IF NOT EXISTS ml_predictions (
    prediction_id        uuid PRIMARY KEY,
    tenant_id            text NOT NULL,
    symbol               text NOT NULL,
    timeframe            text NOT NULL,
    bar_close_time       timestamptz NOT NULL,
    price                double precision NOT NULL,
    model_id             text NOT NULL,
    model_version        text NOT NULL,
    arm                  text NOT NULL,
    direction            text NOT NULL CHECK (direction IN ('LONG', 'SHORT', 'FLAT')),
    confidence           double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    primary_horizon      text NOT NULL,
    abstained            text[] NOT NULL,
    degraded             text[] NOT NULL,
    anomaly              double precision NOT NULL,
    quality_score        double precision NOT NULL,
    quality_flags        integer NOT NULL,
    -- Combined probabilities and expected return, for each horizon.
    down_1h double precision NOT NULL, flat_1h double precision NOT NULL, up_1h double precision NOT NULL,
    down_4h double precision NOT NULL, flat_4h double precision NOT NULL, up_4h double precision NOT NULL,
    down_1d double precision NOT NULL, flat_1d double precision NOT NULL, up_1d double precision NOT NULL,
    expected_return_1h   double precision NOT NULL,
    expected_return_4h   double precision NOT NULL,
    expected_return_1d   double precision NOT NULL,
    predicted_1h smallint NOT NULL, predicted_4h smallint NOT NULL, predicted_1d smallint NOT NULL,
    -- Similar moments over the primary horizon; NULL when there were none in time.
    pattern_matches      integer,
    pattern_effective    double precision,
    pattern_win_rate     double precision,
    pattern_mean_return  double precision,
    -- What came of it; NULL until known.
    actual_1h smallint, actual_4h smallint, actual_1d smallint,
    return_1h double precision, return_4h double precision, return_1d double precision,
    resolved_1h timestamptz, resolved_4h timestamptz, resolved_1d timestamptz
);
CREATE INDEX IF NOT EXISTS ml_predictions_series
    ON ml_predictions (tenant_id, symbol, timeframe, bar_close_time);
