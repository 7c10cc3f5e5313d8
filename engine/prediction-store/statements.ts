import { HORIZONS } from '../../actors/features/labels.js';

const SERIES = 'tenant_id, symbol, timeframe, model_version, arm';
const BUCKET = `date_trunc('hour', bar_close_time, 'UTC')`;
const HORIZON_NAMES = HORIZONS.map((horizon) => `('${horizon}')`).join(', ');

/*
 * Performance is kept by adding what each statement changed, in the same statement. Counting whole hours anew cost what
 * the hour held: with 36,000 series of minutes, two million predictions for each batch of a thousand. A prediction is
 * counted when it is inserted, an outcome when its column was still empty, so a batch that comes again adds nothing.
 */

/** Inserts predictions ($1: JSON rows with these columns); those that are there stay. */
export function insertPredictions(columns: readonly string[]): string {
  const names = columns.join(', ');
  return `
    WITH written AS (
      INSERT INTO public.ml_predictions (${names})
      SELECT ${names} FROM json_populate_recordset(NULL::public.ml_predictions, $1::json)
      ON CONFLICT (prediction_id, bar_close_time, tenant_id) DO NOTHING
      RETURNING bar_close_time, ${SERIES}
    )
    INSERT INTO public.model_performance_timeseries AS t
      (bucket, ${SERIES}, horizon, predictions, resolved, correct)
    SELECT ${BUCKET}, ${SERIES}, horizon, count(*), 0, 0
    FROM written CROSS JOIN (VALUES ${HORIZON_NAMES}) AS h(horizon)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (bucket, ${SERIES.replaceAll(' ', '')}, horizon) DO UPDATE
    SET predictions = t.predictions + excluded.predictions, updated_at = now()`;
}

/** The mean of a column over what was resolved before and what is added. */
const mean = (column: string): string =>
  `${column} = (coalesce(t.${column}, 0) * t.resolved + excluded.${column} * excluded.resolved) / (t.resolved + excluded.resolved)`;

/** Writes what the market did over a horizon ($1: JSON rows of id, bar, direction, return, at); the first stands. */
export function updateOutcomes(horizon: string): string {
  return `
    WITH known AS (
      -- The bar's time is in the condition so that only its partition is looked at.
      UPDATE public.ml_predictions AS p
      SET actual_${horizon} = o.direction, return_${horizon} = o.return, resolved_${horizon} = o.at
      FROM json_to_recordset($1::json)
        AS o(id uuid, bar timestamptz, direction smallint, return double precision, at timestamptz)
      WHERE p.prediction_id = o.id AND p.bar_close_time = o.bar AND p.actual_${horizon} IS NULL
      RETURNING p.bar_close_time, p.tenant_id, p.symbol, p.timeframe, p.model_version, p.arm,
        p.predicted_${horizon} AS predicted, p.actual_${horizon} AS actual, p.return_${horizon} AS return,
        p.down_${horizon} AS down, p.flat_${horizon} AS flat, p.up_${horizon} AS up
    )
    INSERT INTO public.model_performance_timeseries AS t
      (bucket, ${SERIES}, horizon, predictions, resolved, correct, accuracy, brier, log_loss, mean_return)
    SELECT ${BUCKET}, ${SERIES}, '${horizon}', 0, count(*), count(*) FILTER (WHERE actual = predicted),
      avg((actual = predicted)::integer),
      avg((down - (actual = -1)::integer) ^ 2 + (flat - (actual = 0)::integer) ^ 2 + (up - (actual = 1)::integer) ^ 2),
      avg(-ln(greatest(CASE actual WHEN -1 THEN down WHEN 0 THEN flat ELSE up END, 1e-15))),
      avg(predicted * return)
    FROM known
    GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (bucket, ${SERIES.replaceAll(' ', '')}, horizon) DO UPDATE
    SET resolved = t.resolved + excluded.resolved, correct = t.correct + excluded.correct,
      ${['accuracy', 'brier', 'log_loss', 'mean_return'].map(mean).join(', ')}, updated_at = now()`;
}

/** Inserts trades ($1: JSON rows with these columns); of one that is told again the first report stands. */
export function insertTrades(columns: readonly string[]): string {
  const names = columns.join(', ');
  return `
    INSERT INTO public.trade_results (${names})
    SELECT ${names} FROM json_populate_recordset(NULL::public.trade_results, $1::json) new
    WHERE NOT EXISTS (SELECT FROM public.trade_results old WHERE old.trade_id = new.trade_id)
    ON CONFLICT (trade_id, tenant_id, exit_time) DO NOTHING`;
}
