import type pg from 'pg';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Direction } from '../../actors/signals/signal.js';
import type { Database } from '../database/database.js';
import { SuhoError, messageOf } from '../errors.js';
import type {
  AnomalyFigures,
  PairQuery,
  PredictedBar,
  PredictionHistory,
  PredictionQuery,
  PredictionRange,
  PredictionUser,
  ReliabilityBin,
  StoredOutcome,
  StoredPair,
  StoredPrediction,
} from './prediction-store.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The last moment that is looked for. */
const LAST_TIME = Date.UTC(2300, 0, 1) - 1;

/** Bins of a stated probability: a twentieth each. */
const BINS = 20;

type Numbers = Readonly<Record<string, number | null>>;

interface PredictionRow {
  readonly id: string;
  readonly user_id: string | null;
  readonly symbol: string;
  readonly timeframe: string;
  readonly t: number;
  readonly price: number;
  readonly model_id: string;
  readonly model_version: string;
  readonly arm: string;
  readonly direction: Direction;
  readonly confidence: number;
  readonly primary_horizon: string;
  readonly abstained: readonly string[];
  readonly degraded: readonly string[];
  readonly anomaly: number;
  readonly quality_score: number;
  readonly quality_flags: number;
  readonly served: boolean;
}

const COLUMNS = [
  'prediction_id::text AS id',
  'user_id',
  'symbol',
  'timeframe',
  '(extract(epoch FROM bar_close_time) * 1000)::bigint AS t',
  'price, model_id, model_version, arm, direction, confidence, primary_horizon, abstained, degraded, anomaly',
  'quality_score, quality_flags, served',
  ...HORIZONS.map((h) => `down_${h}, flat_${h}, up_${h}, expected_return_${h}, actual_${h}, return_${h}`),
].join(', ');

/** Predictions of one model version whose outcome over a horizon is known, by what was stated of it. */
const RELIABILITY = HORIZONS.map(
  (
    h,
  ) => `SELECT '${h}' AS horizon, count(*) AS samples, avg(p) AS stated, avg((predicted = actual)::int) AS observed
     FROM (SELECT greatest(down_${h}, flat_${h}, up_${h}) AS p, predicted_${h} AS predicted, actual_${h} AS actual
           FROM public.ml_predictions
           WHERE symbol = $1 AND timeframe = $2 AND model_version = $3 AND actual_${h} IS NOT NULL) AS known
     GROUP BY floor(p * ${BINS})`,
).join(' UNION ALL ');

/** Bars that two models answered, by horizon. */
const PAIRS = HORIZONS.map(
  (h) => `SELECT (extract(epoch FROM c.bar_close_time) * 1000)::bigint AS close_time,
      (extract(epoch FROM c.resolved_${h}) * 1000)::bigint AS resolved_at, c.arm, c.actual_${h} AS actual,
      c.return_${h} AS return, coalesce(c.spread, p.spread) AS spread,
      p.down_${h} AS p_down, p.flat_${h} AS p_flat, p.up_${h} AS p_up, p.direction AS p_direction,
      c.down_${h} AS c_down, c.flat_${h} AS c_flat, c.up_${h} AS c_up, c.direction AS c_direction
    FROM public.ml_predictions c JOIN public.ml_predictions p
      ON p.symbol = c.symbol AND p.timeframe = c.timeframe AND p.bar_close_time = c.bar_close_time AND p.model_id = $4
    WHERE c.symbol = $1 AND c.timeframe = $2 AND c.model_id = $3 AND c.bar_close_time > to_timestamp($5 / 1000.0)
      AND c.actual_${h} IS NOT NULL AND p.actual_${h} IS NOT NULL
      AND c.user_id IS NOT DISTINCT FROM $7 AND p.user_id IS NOT DISTINCT FROM $7
    ORDER BY c.bar_close_time LIMIT $6`,
);

interface PairRow {
  readonly close_time: number;
  readonly resolved_at: number;
  readonly arm: string;
  readonly actual: number;
  readonly return: number;
  readonly spread: number | null;
  readonly p_down: number;
  readonly p_flat: number;
  readonly p_up: number;
  readonly p_direction: Direction;
  readonly c_down: number;
  readonly c_flat: number;
  readonly c_up: number;
  readonly c_direction: Direction;
}

/** Predictions as PostgreSQL keeps them (schemas/03), each tenant's for itself. */
export class StoredPredictions implements PredictionHistory {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async range(
    tenantId: string,
    { symbol, timeframe, from, to, limit, user }: PredictionRange,
  ): Promise<readonly StoredPrediction[]> {
    // A moment after the last is left out.
    const of = { symbols: [symbol], timeframes: [timeframe], from, to: to + 1, user };
    const { conditions, values, given } = conditionsOf(of);
    const rows = await this.#ask<PredictionRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM public.ml_predictions WHERE ${conditions.join(' AND ')}
       ORDER BY bar_close_time DESC LIMIT ${given(limit)}`,
      values,
      user?.userId,
    );
    return rows.map(predictionOf).reverse();
  }

  async page(tenantId: string, query: PredictionQuery): Promise<readonly StoredPrediction[]> {
    const { conditions, values, given, moment } = conditionsOf(query);
    const { after, anomalyAbove } = query;
    if (query.onlyActionable) conditions.push("direction <> 'FLAT'");
    if (anomalyAbove !== undefined) conditions.push(`anomaly > ${given(anomalyAbove)}`);
    if (after !== undefined)
      conditions.push(
        `(bar_close_time, prediction_id) < (${moment(after.barCloseTime)}, ${given(after.predictionId)}::uuid)`,
      );
    const rows = await this.#ask<PredictionRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM public.ml_predictions WHERE ${conditions.join(' AND ')}
       ORDER BY bar_close_time DESC, prediction_id DESC LIMIT ${given(query.limit)}`,
      values,
      query.user?.userId,
    );
    return rows.map(predictionOf);
  }

  async anomalies(tenantId: string, query: SignalSpan, above: number): Promise<readonly AnomalyFigures[]> {
    const { conditions, values, given } = conditionsOf(query);
    const rows = await this.#ask<AnomalyRow>(
      tenantId,
      `SELECT symbol, timeframe, anomaly > ${given(above)} AS anomalous, count(*) AS signals,
              count(*) FILTER (WHERE 'anomalous' = ANY (abstained)) AS withheld, count(actual) AS known,
              count(*) FILTER (WHERE predicted = actual) AS right,
              avg(predicted * return) FILTER (WHERE actual IS NOT NULL AND predicted <> 0) AS mean_return
       FROM (SELECT symbol, timeframe, anomaly, abstained, ${ofPrimary('predicted')}, ${ofPrimary('actual')},
                    ${ofPrimary('return')}
             FROM public.ml_predictions WHERE ${conditions.join(' AND ')}) AS signals
       GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      values,
      query.user?.userId,
    );
    return rows.map(({ anomalous: isAnomalous, mean_return: meanReturn, ...row }) => ({
      ...row,
      isAnomalous,
      meanReturn: meanReturn ?? NaN,
    }));
  }

  async get(tenantId: string, predictionId: string, userId?: string): Promise<StoredPrediction | undefined> {
    if (!UUID.test(predictionId)) return undefined;
    const [row] = await this.#ask<PredictionRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM public.ml_predictions WHERE prediction_id = $1`,
      [predictionId],
      userId,
    );
    return row === undefined ? undefined : predictionOf(row);
  }

  async arms(
    tenantId: string,
    { symbol, timeframe, barCloseTime }: PredictedBar,
    userId?: string,
  ): Promise<readonly StoredPrediction[]> {
    const rows = await this.#ask<PredictionRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM public.ml_predictions
       WHERE symbol = $1 AND timeframe = $2 AND bar_close_time = to_timestamp($3 / 1000.0)
         AND user_id IS NOT DISTINCT FROM $4
       ORDER BY served DESC, arm, model_version`,
      [symbol, timeframe, barCloseTime, userId ?? null],
      userId,
    );
    return rows.map(predictionOf);
  }

  async pairs(tenantId: string, query: PairQuery): Promise<readonly StoredPair[]> {
    const { symbol, timeframe, horizon, challengerId, productionId, after, limit, userId } = query;
    const values = [symbol, timeframe, challengerId, productionId, after, limit, userId ?? null];
    const rows = await this.#ask<PairRow>(tenantId, PAIRS[horizon]!, values, userId);
    return rows.map((row) => ({
      closeTime: row.close_time,
      resolvedAt: row.resolved_at,
      production: { down: row.p_down, flat: row.p_flat, up: row.p_up, direction: row.p_direction },
      challenger: { down: row.c_down, flat: row.c_flat, up: row.c_up, direction: row.c_direction },
      challengerArm: row.arm,
      direction: row.actual,
      return: row.return,
      spread: row.spread ?? NaN,
    }));
  }

  async reliability(
    tenantId: string,
    {
      symbol,
      timeframe,
      version,
    }: { readonly symbol: string; readonly timeframe: string; readonly version: string },
  ): Promise<readonly ReliabilityBin[]> {
    const rows = await this.#ask<Omit<ReliabilityBin, 'observed'> & { readonly observed: string }>(
      tenantId,
      `${RELIABILITY} ORDER BY horizon, stated`,
      [symbol, timeframe, version],
    );
    // PostgreSQL's mean of integers is a numeric, which comes as text.
    return rows.map((row) => ({ ...row, observed: Number(row.observed) }));
  }

  async #ask<R extends pg.QueryResultRow>(
    tenantId: string,
    query: string,
    values: readonly unknown[],
    userId?: string,
  ): Promise<readonly R[]> {
    try {
      return await this.#database.transaction(
        { tenantId, userId },
        async (client) => (await client.query<R>(query, [...values])).rows,
      );
    } catch (error) {
      throw new SuhoError('STORE_UNAVAILABLE', `The prediction store answered: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

type SignalSpan = Pick<PredictionQuery, 'symbols' | 'timeframes' | 'from' | 'to' | 'user'>;

/** Conditions of a query about signals, and what goes on adding to them. */
function conditionsOf({ symbols, timeframes, from, to, user }: SignalSpan): {
  readonly conditions: string[];
  readonly values: unknown[];
  readonly given: (value: unknown) => string;
  readonly moment: (ms: number) => string;
} {
  const values: unknown[] = [];
  const given = (value: unknown): string => `$${values.push(value)}`;
  const moment = (ms: number): string => `to_timestamp(${given(Math.min(ms, LAST_TIME))} / 1000.0)`;
  const isOn = (own: PredictionUser['own'][number]): string =>
    `(symbol = ${given(own.symbol)} AND timeframe = ${given(own.timeframe)} AND bar_close_time > ${moment(own.since)} AND bar_close_time <= ${moment(own.until)})`;
  const conditions = [
    'served',
    ...(symbols.length === 0 ? [] : [`symbol = ANY(${given(symbols)})`]),
    ...(timeframes.length === 0 ? [] : [`timeframe = ANY(${given(timeframes)})`]),
    ...(from === undefined ? [] : [`bar_close_time >= ${moment(from)}`]),
    ...(to === undefined ? [] : [`bar_close_time < ${moment(to)}`]),
    // Row-level security shows a user his own rows and those of his tenant: a bar has one of the two.
    ...(user === undefined
      ? []
      : [`(user_id IS NOT NULL) = (${['false', ...user.own.map(isOn)].join(' OR ')})`]),
  ];
  return { conditions, values, given, moment };
}

/** A column that there is for each horizon, of the horizon that a signal took its direction from. */
function ofPrimary(column: string): string {
  const cases = HORIZONS.map((h) => `WHEN '${h}' THEN ${column}_${h}`);
  return `CASE primary_horizon ${cases.join(' ')} END AS ${column}`;
}

interface AnomalyRow extends Omit<AnomalyFigures, 'isAnomalous' | 'meanReturn'> {
  readonly anomalous: boolean;
  readonly mean_return: number | null;
}

function predictionOf(row: PredictionRow): StoredPrediction {
  const numbers = row as unknown as Numbers;
  const outcome = (horizon: string): StoredOutcome | undefined => {
    const direction = numbers[`actual_${horizon}`];
    return direction == null ? undefined : { direction, return: numbers[`return_${horizon}`] ?? NaN };
  };
  return {
    predictionId: row.id,
    ...(row.user_id === null ? {} : { userId: row.user_id }),
    symbol: row.symbol,
    timeframe: row.timeframe,
    barCloseTime: row.t,
    price: row.price,
    modelId: row.model_id,
    modelVersion: row.model_version,
    arm: row.arm,
    served: row.served,
    direction: row.direction,
    confidence: row.confidence,
    primaryHorizon: row.primary_horizon,
    abstained: row.abstained,
    degraded: row.degraded,
    anomaly: row.anomaly,
    qualityScore: row.quality_score,
    qualityFlags: row.quality_flags,
    forecasts: HORIZONS.map((h) => ({
      down: numbers[`down_${h}`] ?? NaN,
      flat: numbers[`flat_${h}`] ?? NaN,
      up: numbers[`up_${h}`] ?? NaN,
      expectedReturn: numbers[`expected_return_${h}`] ?? NaN,
    })),
    outcomes: HORIZONS.map(outcome),
  };
}
