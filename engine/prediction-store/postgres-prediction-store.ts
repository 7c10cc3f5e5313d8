import type pg from 'pg';
import { HORIZONS } from '../../actors/features/labels.js';
import { likeliest } from '../../actors/signals/aggregation.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Signal } from '../../actors/signals/signal.js';
import { SYSTEM_CLOCK, turnOf } from '../clock.js';
import { Database, setLocal, type Row } from '../database/database.js';
import { SuhoError, messageOf } from '../errors.js';
import type { PredictionEvent, TradeRecord } from '../journal/records.js';
import { PostgresExpiredPredictions, type ExpiredPredictions } from './expired-predictions.js';
import { lacksPartition, writeFailure } from './postgres-failure.js';
import type { PredictionHistory, PredictionStore, PredictionSummary } from './prediction-store.js';
import { WRITE_OUTCOMES, insertPredictions, insertTrades } from './statements.js';
import { StoredPredictions } from './stored-predictions.js';

/** `spread` is known of answers that did not serve; a signal served. */
function predictionRow({ signal, spread }: { readonly signal: Signal; readonly spread?: number }): Row {
  const primary = signal.patterns?.votes[signal.primaryHorizon];
  const row: Row = {
    prediction_id: signal.predictionId,
    tenant_id: signal.tenantId,
    user_id: signal.userId ?? null,
    symbol: signal.symbol,
    timeframe: signal.timeframe,
    bar_close_time: isoTime(signal.barCloseTime),
    price: signal.price,
    model_id: signal.model.modelId,
    model_version: signal.model.version,
    arm: signal.model.arm,
    served: spread === undefined,
    spread: spread === undefined || Number.isNaN(spread) ? null : spread,
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

/** Signals of one statement: the text of more of them takes the event loop too long to send. */
const SIGNALS_AT_ONCE = 500;
/** Rows made before the event loop has a turn: a millisecond of work. */
const ROWS_A_TURN = 100;
const HOUR_MS = 3_600_000;
/** Bars of predictions are of these years: those that the feature store keeps. */
const FIRST_TIME = Date.UTC(1900, 0, 1);
const LAST_TIME = Date.UTC(2300, 0, 1) - 1;

/** Throws `RECORD_REFUSED` for a time no store of ours holds. */
function isoTime(ms: number): string {
  if (ms >= FIRST_TIME && ms <= LAST_TIME) return new Date(ms).toISOString();
  throw new SuhoError('RECORD_REFUSED', `${ms} ms since 1970 is not of the years 1900 through 2299.`);
}

/** Whose predictions an event is about: a tenant's, or a user's own. */
function ownerOf(event: PredictionEvent): SignalOwner {
  if (event.kind === 'signal' || event.kind === 'answer') return event.signal;
  if (event.kind === 'outcome') return event;
  return { tenantId: event.trade.tenantId, userId: event.trade.predictionUserId };
}

/** What a batch writes for one tenant, or one of its users, as statements take it. */
interface OwnedRows {
  readonly owner: SignalOwner;
  /** Statements with their JSON rows: predictions, outcomes, trades. */
  readonly writes: readonly { readonly statement: string; readonly json: string }[];
  /** Hours whose performance the outcomes and trades change, and the horizon of each. */
  readonly changed: { readonly hours: readonly string[]; readonly horizons: readonly string[] };
}

/** Events of one owner as rows; the event loop has turns between. Rejects with `RECORD_REFUSED` for one that cannot be a row. */
async function rowsOf(events: readonly PredictionEvent[]): Promise<OwnedRows> {
  const signals = events.filter((event) => event.kind === 'signal' || event.kind === 'answer');
  const trades = events.flatMap((event) => (event.kind === 'trade' ? [event.trade] : []));
  const writes: { statement: string; json: string }[] = [];
  const add = async <T>(
    records: readonly T[],
    rowOf: (record: T) => Row,
    statementOf: (columns: readonly string[]) => string,
  ): Promise<void> => {
    const [first] = records;
    if (first === undefined) return;
    writes.push({ statement: statementOf(Object.keys(rowOf(first))), json: await jsonOf(records, rowOf) });
  };
  for (let from = 0; from < signals.length; from += SIGNALS_AT_ONCE)
    await add(signals.slice(from, from + SIGNALS_AT_ONCE), predictionRow, insertPredictions);
  await add(
    outcomeRows(events),
    (row) => row,
    () => WRITE_OUTCOMES,
  );
  await add(trades, tradeRow, insertTrades);
  return {
    owner: ownerOf(events[0]!),
    writes,
    changed: changedBy(events),
  };
}

/** What of the performance by hour and horizon events change: an outcome one horizon of its bar's hour, a trade all. */
function changedBy(events: readonly PredictionEvent[]): OwnedRows['changed'] {
  const hours = HORIZONS.map(() => new Set<number>());
  for (const event of events) {
    if (event.kind === 'outcome') hours[event.label.horizon]!.add(hourOf(event.label.closeTime));
    if (event.kind === 'trade') for (const all of hours) all.add(hourOf(event.trade.barCloseTime));
  }
  const pairs = hours.flatMap((some, i) => [...some].map((hour) => [isoTime(hour), HORIZONS[i]!] as const));
  return { hours: pairs.map(([hour]) => hour), horizons: pairs.map(([, horizon]) => horizon) };
}

/** The hour a moment lies in, epoch milliseconds. */
function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

/** Records as a JSON array of rows. */
async function jsonOf<T>(records: readonly T[], rowOf: (record: T) => Row): Promise<string> {
  const rows: string[] = [];
  for (const record of records) {
    rows.push(JSON.stringify(rowOf(record)));
    if (rows.length % ROWS_A_TURN === 0) await turnOf(SYSTEM_CLOCK);
  }
  return `[${rows.join(',')}]`;
}

/** What is known of each prediction's outcomes, all horizons in one row: a prediction is written once a batch. */
function outcomeRows(events: readonly PredictionEvent[]): Row[] {
  const rows = new Map<string, Row>();
  for (const event of events) {
    if (event.kind !== 'outcome' || Number.isNaN(event.label.direction)) continue;
    const { predictionId: id, label } = event;
    let row = rows.get(id);
    if (row === undefined) rows.set(id, (row = { id, bar: isoTime(label.closeTime) }));
    const horizon = HORIZONS[label.horizon]!;
    row[`actual_${horizon}`] = label.direction;
    row[`return_${horizon}`] = label.return;
    row[`resolved_${horizon}`] = isoTime(label.resolvedAt);
  }
  return [...rows.values()];
}

/** Predictions, outcomes and trades in PostgreSQL or TimescaleDB (schemas/03). */
export class PostgresPredictionStore implements PredictionStore {
  /** What is stored, to be read. */
  readonly history: PredictionHistory;
  readonly expired: ExpiredPredictions;
  readonly #database: Database;
  /** Months that have their partitions, by table. */
  readonly #months = new Set<string>();

  constructor(connection: pg.PoolConfig) {
    this.#database = new Database(connection);
    this.history = new StoredPredictions(this.#database);
    this.expired = new PostgresExpiredPredictions(this.#database);
  }

  async write(events: readonly PredictionEvent[]): Promise<void> {
    try {
      await this.#write(events);
    } catch (error) {
      // A partition that was there may be gone: made again, the rows go in.
      this.#months.clear();
      if (!lacksPartition(error)) throw writeFailure(error);
      await this.#write(events).catch((again: unknown) => {
        throw writeFailure(again);
      });
    }
  }

  /** Writes a batch in one transaction, which takes each owner's part in its turn. */
  async #write(events: readonly PredictionEvent[]): Promise<void> {
    const byOwner = new Map<string, PredictionEvent[]>();
    for (const event of events) {
      const { tenantId, userId } = ownerOf(event);
      const name = userId === undefined ? tenantId : `${tenantId}/${userId}`;
      const own = byOwner.get(name);
      if (own === undefined) byOwner.set(name, [event]);
      else own.push(event);
    }
    // Always in the same order: two engines on one PostgreSQL wait for each other, never in a circle.
    const owners = [...byOwner].sort(([a], [b]) => (a < b ? -1 : 1));
    const rows: OwnedRows[] = [];
    try {
      for (const [, own] of owners) rows.push(await rowsOf(own));
    } catch (error) {
      throw new SuhoError('RECORD_REFUSED', messageOf(error), { cause: error });
    }
    await this.#database.transaction({}, async (client) => {
      await this.#makeAllPartitions(client, events);
      for (const own of rows) await writeOwned(client, own);
    });
  }

  async #makeAllPartitions(client: pg.PoolClient, events: readonly PredictionEvent[]): Promise<void> {
    const bars: number[] = [];
    const predicted: number[] = [];
    const exits: number[] = [];
    for (const event of events) {
      if (event.kind === 'signal' || event.kind === 'answer') predicted.push(event.signal.barCloseTime);
      if (event.kind === 'outcome') bars.push(event.label.closeTime);
      if (event.kind !== 'trade') continue;
      bars.push(event.trade.barCloseTime);
      exits.push(event.trade.exitTime);
    }
    await this.#makePartitions(client, 'ml_predictions', predicted);
    await this.#makePartitions(client, 'trade_results', exits);
    await this.#makePartitions(client, 'model_performance_timeseries', bars);
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

  async find(
    tenantId: string,
    predictionId: string,
    userId?: string,
  ): Promise<PredictionSummary | undefined> {
    return await this.#database.transaction({ tenantId, userId }, async (client) => {
      const { rows } = await client.query<
        Omit<PredictionSummary, 'userId'> & { readonly userId: string | null }
      >(
        `SELECT user_id AS "userId", symbol, timeframe, (extract(epoch FROM bar_close_time) * 1000)::bigint AS "barCloseTime",
                model_version AS "modelVersion"
         FROM public.ml_predictions WHERE prediction_id = $1`,
        [predictionId],
      );
      const [row] = rows;
      if (row === undefined) return undefined;
      const { userId: own, ...summary } = row;
      return own === null ? summary : { ...summary, userId: own };
    });
  }

  async hasTrade(tenantId: string, tradeId: string): Promise<boolean> {
    return await this.#database.transaction({ tenantId }, async (client) => {
      const { rowCount } = await client.query(
        'SELECT FROM public.trade_results WHERE trade_id = $1 LIMIT 1',
        [tradeId],
      );
      return (rowCount ?? 0) > 0;
    });
  }

  async applyRetention(): Promise<number> {
    return await this.#database.transaction({}, async (client) => {
      const { rows } = await client.query<{ n: number }>('SELECT public.suho_apply_retention() AS n');
      this.#months.clear();
      return rows[0]!.n;
    });
  }

  async sql(query: string, tenantId?: string, rowsMax?: number): Promise<readonly Row[]> {
    return await this.#database.ask(query, tenantId, rowsMax);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

/** Writes one owner's rows; the statements that follow are of that owner alone. */
async function writeOwned(client: pg.PoolClient, { owner, ...rows }: OwnedRows): Promise<void> {
  const { tenantId, userId = '' } = owner;
  await client.query(setLocal({ 'suho.tenant_id': tenantId, 'suho.user_id': userId }));
  for (const { statement, json } of rows.writes) await client.query(statement, [json]);
  const { hours, horizons } = rows.changed;
  if (hours.length > 0)
    await client.query('SELECT public.suho_record_performance($1, $2)', [hours, horizons]);
}
