/** Inserts predictions ($1: JSON rows with these columns); those that are there stay. */
export function insertPredictions(columns: readonly string[]): string {
  const names = columns.join(', ');
  return `
    INSERT INTO public.ml_predictions (${names})
    SELECT ${names} FROM json_populate_recordset(NULL::public.ml_predictions, $1::json)
    ON CONFLICT (prediction_id, bar_close_time, tenant_id) DO NOTHING`;
}

/** Writes what the market did over a horizon ($1: JSON rows of id, bar, direction, return, at). */
export function updateOutcomes(horizon: string): string {
  return `
    UPDATE public.ml_predictions AS p
    SET actual_${horizon} = o.direction, return_${horizon} = o.return, resolved_${horizon} = o.at
    FROM json_to_recordset($1::json)
      AS o(id uuid, bar timestamptz, direction smallint, return double precision, at timestamptz)
    -- The bar's time is in the condition so that only its partition is looked at.
    WHERE p.prediction_id = o.id AND p.bar_close_time = o.bar`;
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
