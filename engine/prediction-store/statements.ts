/** Inserts predictions ($1: JSON rows with these columns); those that are there stay. */
export function insertPredictions(columns: readonly string[]): string {
  const names = columns.join(', ');
  return `
    INSERT INTO public.ml_predictions (${names})
    SELECT ${names} FROM json_populate_recordset(NULL::public.ml_predictions, $1::json)
    ON CONFLICT (prediction_id, bar_close_time, tenant_id) DO NOTHING`;
}

/** Writes what the market did ($1: JSON rows of id and bar, with the columns of the horizons that are known). */
export const WRITE_OUTCOMES = 'SELECT public.suho_write_outcomes($1)';

/** Inserts trades ($1: JSON rows with these columns); of one that is told again the first report stands. */
export function insertTrades(columns: readonly string[]): string {
  const names = columns.join(', ');
  return `
    INSERT INTO public.trade_results (${names})
    SELECT ${names} FROM json_populate_recordset(NULL::public.trade_results, $1::json) new
    -- Counted, for that is asked of one trade after the other by its key: a join would be planned without statistics.
    WHERE (SELECT count(*) FROM public.trade_results old WHERE old.trade_id = new.trade_id) = 0
    ON CONFLICT (trade_id, tenant_id, exit_time) DO NOTHING`;
}
