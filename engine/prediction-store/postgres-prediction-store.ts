import type pg from 'pg';
import { HORIZONS } from '../../actors/features/labels.js';
import { likeliest } from '../../actors/signals/aggregation.js';
import type { Signal } from '../../actors/signals/signal.js';
import { Database, type Row } from '../database/database.js';
import type { PredictionEvent, TradeRecord } from '../journal/records.js';
import type { PredictionStore, PredictionSummary } from './prediction-store.js';

function predictionRow(signal: Signal): Row {
  const primary = signal.patterns?.votes[signal.primaryHorizon];
  const row: Row = {
    prediction_id: signal.predictionId,
    tenant_id: signal.tenantId,
    symbol: signal.symbol,
    timeframe: signal.timeframe,
    bar_close_time: new Date(signal.barCloseTime).toISOString(),
    price: signal.price,
    model_id: signal.model.modelId,
    model_version: signal.model.version,
    arm: signal.model.arm,
    direction: signal.direction,
    confidence: signal.confidence,
    primary_horizon: HORIZONS[signal.primaryHorizon],
    abstained: signal.abstained,
    degraded: signal.degraded,
    anomaly: signal.anomaly,
    quality_score: signal.qualityScore,
    quality_flags: signal.qualityFlags,
    pattern_matches: primary?.matches ?? null,
    pattern_effective: primary?.effectiveSampleSize ?? null,
    pattern_win_rate: primary?.winRate ?? null,
    pattern_mean_return: primary?.meanReturn ?? null,
    pattern_nearest: signal.patterns?.nearest ?? null,
  };
  HORIZONS.forEach((horizon, i) => {
    const forecast = signal.forecasts[i]!;
    row[`down_${horizon}`] = forecast.down;
    row[`flat_${horizon}`] = forecast.flat;
    row[`up_${horizon}`] = forecast.up;
    row[`expected_return_${horizon}`] = forecast.expectedReturn;
    row[`predicted_${horizon}`] = likeliest(forecast).direction;
  });
  return row;
}

function tradeRow(trade: TradeRecord): Row {
  return {
    trade_id: trade.tradeId,
    tenant_id: trade.tenantId,
    user_id: trade.userId ?? null,
    prediction_id: trade.predictionId,
    symbol: trade.symbol,
    timeframe: trade.timeframe,
    model_version: trade.modelVersion,
    side: trade.side,
    quantity: trade.quantity,
    entry_time: isoTime(trade.entryTime),
    entry_price: trade.entryPrice,
    exit_time: isoTime(trade.exitTime),
    exit_price: trade.exitPrice,
    pnl_money: trade.pnlMoney,
    currency: trade.currency,
    pnl_pips: trade.pnlPips,
    pnl_percent: trade.pnlPercent,
    commission: trade.commission,
    financing: trade.financing,
    slippage_pips: trade.slippagePips ?? null,
    exit_reason: trade.exitReason,
    market_conditions: trade.marketConditions,
  };
}

/** Signals of one statement: more of them keep the event loop from its other work for too long. */
const SIGNALS_AT_ONCE = 500;

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function tenantOf(event: PredictionEvent): string {
  if (event.kind === 'signal') return event.signal.tenantId;
  return event.kind === 'trade' ? event.trade.tenantId : event.tenantId;
}

/** Predictions, outcomes and trades in PostgreSQL or TimescaleDB (schemas/03). */
export class PostgresPredictionStore implements PredictionStore {
  readonly #database: Database;
  /** Months that have their partitions, by table. */
  readonly #months = new Set<string>();

  constructor(connection: pg.PoolConfig) {
    this.#database = new Database(connection);
  }

  async write(events: readonly PredictionEvent[]): Promise<void> {
    const byTenant = new Map<string, PredictionEvent[]>();
    for (const event of events) {
      const own = byTenant.get(tenantOf(event));
      if (own === undefined) byTenant.set(tenantOf(event), [event]);
      else own.push(event);
    }
    try {
      for (const [tenantId, own] of byTenant)
        await this.#database.transaction({ tenantId }, (client) => this.#writeOwn(client, own));
    } catch (error) {
      // A partition that was there may be gone.
      this.#months.clear();
      throw error;
    }
  }

  /** Writes events of the transaction's tenant. */
  async #writeOwn(client: pg.PoolClient, events: readonly PredictionEvent[]): Promise<void> {
    const signals = events.flatMap((event) => (event.kind === 'signal' ? [event.signal] : []));
    const trades = events.flatMap((event) => (event.kind === 'trade' ? [event.trade] : []));
    const outcomes = events.flatMap((event) => (event.kind === 'outcome' ? [event.label] : []));
    if (signals.length > 0) {
      await this.#makePartitions(
        client,
        'ml_predictions',
        signals.map(({ barCloseTime }) => barCloseTime),
      );
      for (let from = 0; from < signals.length; from += SIGNALS_AT_ONCE) {
        const rows = signals.slice(from, from + SIGNALS_AT_ONCE).map(predictionRow);
        const columns = Object.keys(rows[0]!).join(', ');
        await client.query(
          `INSERT INTO public.ml_predictions (${columns})
           SELECT ${columns} FROM jsonb_populate_recordset(NULL::public.ml_predictions, $1::jsonb)
           ON CONFLICT (prediction_id, bar_close_time, tenant_id) DO NOTHING`,
          [JSON.stringify(rows)],
        );
      }
    }
    for (const [i, horizon] of HORIZONS.entries()) await writeOutcomes(client, events, i, horizon);
    if (trades.length > 0) {
      await this.#makePartitions(
        client,
        'trade_results',
        trades.map(({ exitTime }) => exitTime),
      );
      const rows = trades.map(tradeRow);
      const columns = Object.keys(rows[0]!).join(', ');
      await client.query(
        `INSERT INTO public.trade_results (${columns})
         SELECT ${columns} FROM jsonb_populate_recordset(NULL::public.trade_results, $1::jsonb) new
         WHERE NOT EXISTS (SELECT FROM public.trade_results old WHERE old.trade_id = new.trade_id)
         ON CONFLICT (trade_id, tenant_id, exit_time) DO NOTHING`,
        [JSON.stringify(rows)],
      );
    }
    const changed = [
      ...outcomes.map(({ closeTime }) => closeTime),
      ...trades.map(({ barCloseTime }) => barCloseTime),
    ];
    if (changed.length === 0) return;
    await this.#makePartitions(client, 'model_performance_timeseries', changed);
    const hours = [...new Set(changed.map((ms) => Math.floor(ms / 3_600_000)))];
    await client.query('SELECT public.suho_record_performance($1)', [
      hours.map((hour) => isoTime(hour * 3_600_000)),
    ]);
  }

  async #makePartitions(client: pg.PoolClient, table: string, times: readonly number[]): Promise<void> {
    const months = new Set(times.map((ms) => isoTime(ms).slice(0, 7)));
    const missing = [...months].filter((month) => !this.#months.has(`${table} ${month}`));
    if (missing.length === 0) return;
    await client.query('SELECT public.suho_make_partitions($1, $2)', [
      table,
      missing.map((month) => `${month}-01T00:00:00Z`),
    ]);
    for (const month of missing) this.#months.add(`${table} ${month}`);
  }

  async find(tenantId: string, predictionId: string): Promise<PredictionSummary | undefined> {
    return await this.#database.transaction({ tenantId }, async (client) => {
      const { rows } = await client.query<{ symbol: string; timeframe: string; t: number; version: string }>(
        `SELECT symbol, timeframe, (extract(epoch FROM bar_close_time) * 1000)::bigint AS t, model_version AS version
         FROM public.ml_predictions WHERE prediction_id = $1`,
        [predictionId],
      );
      const [row] = rows;
      if (row === undefined) return undefined;
      return { symbol: row.symbol, timeframe: row.timeframe, barCloseTime: row.t, modelVersion: row.version };
    });
  }

  async applyRetention(): Promise<number> {
    return await this.#database.transaction({}, async (client) => {
      const { rows } = await client.query<{ n: number }>('SELECT public.suho_apply_retention() AS n');
      this.#months.clear();
      return rows[0]!.n;
    });
  }

  async sql(query: string, tenantId?: string): Promise<readonly Row[]> {
    return await this.#database.ask(query, tenantId);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

async function writeOutcomes(
  client: pg.PoolClient,
  events: readonly PredictionEvent[],
  index: number,
  horizon: string,
): Promise<void> {
  const outcomes = events.flatMap((event) =>
    event.kind === 'outcome' && event.label.horizon === index && !Number.isNaN(event.label.direction)
      ? [
          {
            id: event.predictionId,
            bar: isoTime(event.label.closeTime),
            direction: event.label.direction,
            return: event.label.return,
            at: isoTime(event.label.resolvedAt),
          },
        ]
      : [],
  );
  if (outcomes.length === 0) return;
  // The bar's time is in the condition so that only its chunk is looked at.
  await client.query(
    `UPDATE public.ml_predictions AS p
     SET actual_${horizon} = o.direction, return_${horizon} = o.return, resolved_${horizon} = o.at
     FROM jsonb_to_recordset($1::jsonb)
       AS o(id uuid, bar timestamptz, direction smallint, return double precision, at timestamptz)
     WHERE p.prediction_id = o.id AND p.bar_close_time = o.bar`,
    [JSON.stringify(outcomes)],
  );
}
