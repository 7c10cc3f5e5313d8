import { HORIZONS } from '../../actors/features/labels.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Database, Row } from '../database/database.js';

/** Predictions of a span of bars that are past their 90 days. They go as a whole. */
export interface ExpiredStretch {
  /** Close times of bars, epoch milliseconds UTC: [from, to). */
  readonly from: number;
  readonly to: number;
  /** Tenants, and users with predictions of their own. */
  readonly owners: readonly SignalOwner[];
  /** Of all rows: another one when any of them is another. */
  readonly digest: string;
}

/** A value of an archived prediction, by the column of its name in `ml_predictions_history`. */
export type ArchivedValue = string | number | boolean | Date | readonly string[] | null;
export type ArchivedPrediction = Readonly<Record<string, ArchivedValue>>;

/** Predictions past their time, to be stored elsewhere and then dropped. All throw `STORE_UNAVAILABLE` or the store's own error. */
export interface ExpiredPredictions {
  /** Stretches past their time, oldest first. */
  stretches(): Promise<readonly ExpiredStretch[]>;
  /** An owner's predictions of a stretch by time and id, those after `after`, `limit` at most. */
  rows(
    owner: SignalOwner,
    stretch: ExpiredStretch,
    after: ArchivedPrediction | undefined,
    limit: number,
  ): Promise<readonly ArchivedPrediction[]>;
  /** Drops a stretch unless a row of it is another than when it was listed; whether it did. */
  drop(stretch: ExpiredStretch): Promise<boolean>;
}

/** Columns of `ml_predictions` that are kept, as they are named there and in the history. */
const COLUMNS = [
  'prediction_id, tenant_id, user_id, symbol, timeframe, bar_close_time, price, spread',
  'model_id, model_version, arm, served, direction, confidence, primary_horizon',
  'abstained, degraded, anomaly, quality_score, quality_flags',
  ...HORIZONS.flatMap((horizon) =>
    ['down', 'flat', 'up', 'expected_return', 'predicted', 'actual', 'return', 'resolved'].map(
      (name) => `${name}_${horizon}`,
    ),
  ),
  'pattern_matches, pattern_effective, pattern_win_rate, pattern_mean_return, pattern_nearest',
  'trades, trade_pnl_money, trade_pnl_pips, trade_pnl_percent, trade_won, trade_closed_at',
  'stored_at',
].join(', ');

/** Expired predictions of PostgreSQL or TimescaleDB (schemas/03). */
export class PostgresExpiredPredictions implements ExpiredPredictions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async stretches(): Promise<readonly ExpiredStretch[]> {
    return await this.#database.transaction({ platform: true }, async (client) => {
      const { rows } = await client.query<{
        f: Date;
        t: Date;
        owners: [string, string | null][];
        digest: string;
      }>(
        'SELECT bars_from AS f, bars_to AS t, owners, digest FROM public.suho_expired_predictions() ORDER BY 1',
      );
      return rows.map(({ f, t, owners, digest }) => ({
        from: f.getTime(),
        to: t.getTime(),
        owners: owners.map(([tenantId, userId]) => ({ tenantId, userId: userId ?? undefined })),
        digest,
      }));
    });
  }

  async rows(
    { tenantId, userId }: SignalOwner,
    { from, to }: ExpiredStretch,
    after: ArchivedPrediction | undefined,
    limit: number,
  ): Promise<readonly ArchivedPrediction[]> {
    return await this.#database.transaction({ tenantId, userId }, async (client) => {
      // What follows the last of the page before; without one, all from the beginning.
      const beyond = after === undefined ? '' : 'AND (bar_close_time, prediction_id) > ($5, $6)';
      const { rows } = await client.query<Row & ArchivedPrediction>(
        `SELECT ${COLUMNS} FROM public.ml_predictions
         WHERE bar_close_time >= $1 AND bar_close_time < $2 AND user_id IS NOT DISTINCT FROM $3 ${beyond}
         ORDER BY bar_close_time, prediction_id LIMIT $4`,
        [
          new Date(from),
          new Date(to),
          userId ?? null,
          limit,
          ...(after === undefined ? [] : [after['bar_close_time'], after['prediction_id']]),
        ],
      );
      return rows;
    });
  }

  async drop({ from, to, digest }: ExpiredStretch): Promise<boolean> {
    return await this.#database.transaction({ platform: true }, async (client) => {
      const { rows } = await client.query<{ dropped: boolean }>(
        'SELECT public.suho_drop_predictions($1, $2, $3) AS dropped',
        [new Date(from), new Date(to), digest],
      );
      return rows[0]!.dropped;
    });
  }
}
