// What every store of predictions must do, embedded or a server.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { HORIZONS } from '../../actors/features/labels.js';
import { predictionId } from '../../actors/signals/prediction-id.js';
import type { Signal } from '../../actors/signals/signal.js';
import { readTradeReport, tradeOf } from '../../engine/feedback/trade-report.js';
import type { TradeRecord } from '../../engine/journal/records.js';
import { archiveExpired, type PredictionArchive } from '../../engine/prediction-store/archive.js';
import type { ArchivedPrediction } from '../../engine/prediction-store/expired-predictions.js';
import { PostgresPredictionStore } from '../../engine/prediction-store/postgres-prediction-store.js';
import { MONDAY } from './markets.js';

const HOUR = 3_600_000;

/** An invented signal of a tenant for the hour `i` of an invented year. */
export function inventedSignal(tenantId: string, i: number, version = 'v1.0.0'): Signal {
  const barCloseTime = MONDAY + i * HOUR;
  return {
    predictionId: predictionId(tenantId, 'EURUSD', '1h', barCloseTime, version),
    tenantId,
    symbol: 'EURUSD',
    timeframe: '1h',
    barCloseTime,
    price: 1.1,
    direction: 'LONG',
    confidence: 0.6,
    primaryHorizon: 1,
    forecasts: HORIZONS.map(() => ({ down: 0.2, flat: 0.2, up: 0.6, expectedReturn: 0.001 })),
    model: {
      modelId: 'f'.repeat(64),
      version,
      arm: 'production',
      probabilities: Array.from({ length: 9 }, () => 1 / 3),
      returns: [0, 0, 0],
      anomaly: 0.5,
    },
    patterns: undefined,
    anomaly: 0.5,
    qualityScore: 1,
    qualityFlags: 0,
    abstained: [],
    degraded: ['patterns_none_yet'],
    timing: { queueMs: 0, inferenceMs: 1, patternsMs: 0 },
  };
}

/** A time after all that is invented here. */
const NOW = Date.UTC(2026, 0, 1);

function inventedTrade(signal: Signal, tradeId: string, exitPrice: number): TradeRecord {
  return tradeOf(
    readTradeReport(
      {
        tradeId,
        predictionId: signal.predictionId,
        side: 'LONG',
        quantity: 10_000,
        entryTime: signal.barCloseTime,
        entryPrice: 1.1,
        exitTime: signal.barCloseTime + HOUR,
        exitPrice,
        commission: 2,
      },
      NOW,
    ),
    { symbol: 'EURUSD', timeframe: '1h', barCloseTime: signal.barCloseTime, modelVersion: 'v1.0.0' },
    signal.tenantId,
    undefined,
  );
}

/** Predictions, outcomes and trades: written once however often they come, seen by their tenant alone. */
export async function predictionStoreContract(connection: pg.PoolConfig): Promise<void> {
  const [acme, zen] = [`acme-${randomBytes(3).toString('hex')}`, `zen-${randomBytes(3).toString('hex')}`];
  const store = new PostgresPredictionStore(connection);
  try {
    const signals = Array.from({ length: 60 }, (_, i) => [
      inventedSignal(acme, i * 31),
      inventedSignal(zen, i * 31),
    ]).flat();
    const events = signals.map((signal, sequence) => ({ kind: 'signal' as const, sequence, signal }));
    const outcome = (signal: Signal, horizon: number, direction: number) => ({
      kind: 'outcome' as const,
      tenantId: signal.tenantId,
      predictionId: signal.predictionId,
      label: {
        closeTime: signal.barCloseTime,
        horizon,
        direction,
        return: 0.002 * direction,
        maxGain: 0,
        maxLoss: 0,
        barrier: 0,
        resolvedAt: signal.barCloseTime + HOUR,
      },
    });
    await store.write(events);
    const outcomes = signals.slice(0, 20).map((signal, i) => outcome(signal, 0, i % 4 < 2 ? 1 : -1));
    await store.write([...events, ...outcomes]);
    await store.write(outcomes);
    const own = await store.sql('SELECT tenant_id, actual_1h, return_1h FROM ml_predictions', acme);
    assert.equal(own.length, 60, 'each prediction once, of the tenant alone');
    assert.ok(own.every((row) => row['tenant_id'] === acme));
    assert.equal(own.filter((row) => row['actual_1h'] !== null).length, 10);

    // Brier score and log loss by hand: up 0.6 came (1): 0.2² + 0.2² + 0.4²; down came: 0.8² + 0.2² + 0.6².
    const performance = await store.sql(
      `SELECT sum(resolved)::int AS resolved, sum(correct)::int AS correct, sum(brier * resolved) AS brier, sum(log_loss * resolved) AS loss
       FROM model_performance_timeseries WHERE horizon = '1h'`,
      acme,
    );
    assert.deepEqual([performance[0]!['resolved'], performance[0]!['correct']], [10, 5]);
    assert.ok(Math.abs(Number(performance[0]!['brier']) - (5 * 0.24 + 5 * 1.04)) < 1e-9);
    assert.ok(Math.abs(Number(performance[0]!['loss']) + 5 * Math.log(0.6) + 5 * Math.log(0.2)) < 1e-9);

    await tradesContract(store, acme, zen, signals[0]!);
    const hours = await store.sql('SELECT sum(predictions)::int AS n FROM predictions_hourly', zen);
    assert.equal(hours[0]!['n'], 60);
    assert.equal(await store.applyRetention(), 0, 'what was stored today stays, however old its bars are');
  } finally {
    await store.close();
  }
}

/** Trades on a prediction: the first report of each stands, and together they are told with the prediction. */
async function tradesContract(
  store: PostgresPredictionStore,
  acme: string,
  zen: string,
  first: Signal,
): Promise<void> {
  const trades = [inventedTrade(first, 't1', 1.101), inventedTrade(first, 't2', 1.0995)];
  for (let again = 0; again < 2; again++)
    await store.write(trades.map((trade) => ({ kind: 'trade' as const, trade })));
  // The same trade, told another time with another end: the first report stands.
  await store.write([{ kind: 'trade', trade: { ...trades[0]!, exitTime: trades[0]!.exitTime + HOUR } }]);
  const [traded] = await store.sql(
    `SELECT trades, trade_pnl_pips AS pips, trade_pnl_money AS money, trade_won AS won FROM ml_predictions
     WHERE prediction_id = '${first.predictionId}'`,
    acme,
  );
  // By hand: +10 and −5 pips of 0.0001; 10,000 units: 10 − 5 dollars, 2 × 2 of costs.
  assert.equal(traded!['trades'], 2);
  assert.ok(Math.abs(Number(traded!['pips']) - 5) < 1e-6);
  assert.ok(Math.abs(Number(traded!['money']) - 1) < 1e-6);
  assert.equal(traded!['won'], true);

  const found = await store.find(acme, first.predictionId);
  assert.deepEqual(found, {
    symbol: 'EURUSD',
    timeframe: '1h',
    barCloseTime: first.barCloseTime,
    modelVersion: 'v1.0.0',
  });
  assert.equal(await store.find(zen, first.predictionId), undefined, 'another tenant has no such prediction');
}

/** Makes what a store keeps look as if it were stored that long ago. */
export async function ageOfPredictions(client: pg.Client, interval: string): Promise<void> {
  const { rows } = await client.query<{ tier: string }>('SELECT suho_private.tier() AS tier');
  await client.query(
    rows[0]!.tier === 'postgresql'
      ? `UPDATE suho_private.partitions SET created_at = now() - INTERVAL '${interval}', ends = now() - INTERVAL '${interval}'`
      : `UPDATE _timescaledb_catalog.chunk SET creation_time = now() - INTERVAL '${interval}'`,
  );
}

/** An archive in memory, by tenant and id. */
class MemoryArchive implements PredictionArchive {
  readonly rows = new Map<string, ArchivedPrediction>();
  /** Called before a page is stored; what it throws is what the archive throws. */
  before: () => Promise<void> = async () => undefined;

  async archive(predictions: readonly ArchivedPrediction[]): Promise<void> {
    await this.before();
    for (const row of predictions)
      this.rows.set(`${String(row['tenant_id'])} ${String(row['prediction_id'])}`, row);
  }
}

/**
 * Predictions go when they were stored long enough ago, and not before they are archived; trades and performance after three
 * years. `admin` may change when that was.
 */
export async function retentionContract(admin: pg.PoolConfig, connection: pg.PoolConfig): Promise<void> {
  const store = new PostgresPredictionStore(connection);
  const client = new pg.Client(admin as pg.ClientConfig);
  await client.connect();
  try {
    // More of a month than are read at once.
    const signals = Array.from({ length: 5_000 }, (_, i) =>
      inventedSignal('old', 9_000 + (i % 700), `v1.${Math.floor(i / 700)}.0`),
    );
    const other = inventedSignal('older', 9_001);
    const [signal] = signals as [Signal];
    await store.write([
      ...[...signals, other].map((each, i) => ({ kind: 'signal' as const, sequence: i, signal: each })),
      { kind: 'trade', trade: inventedTrade(signal, 'old', 1.2) },
    ]);
    const count = async (name: string, tenant = 'old'): Promise<unknown> =>
      Number((await store.sql(`SELECT count(*) AS n FROM ${name}`, tenant))[0]!['n']);
    assert.deepEqual(await store.expired.stretches(), [], 'what was stored today stays');
    assert.equal(await store.applyRetention(), 0);
    await ageOfPredictions(client, '91 days');
    await store.applyRetention();
    assert.equal(await count('ml_predictions'), 5_000, 'nothing goes that is not archived');
    assert.deepEqual(
      (await store.sql('SELECT * FROM suho_expired_predictions()', 'old')).length,
      0,
      'a tenant’s own query does not learn of others',
    );

    const archive = new MemoryArchive();
    await archiveContract(store, client, archive, signals[4_400]!);
    assert.deepEqual([await count('ml_predictions'), await count('ml_predictions', 'older')], [0, 0]);
    assert.ok(archive.rows.has(`older ${other.predictionId}`));
    const kept = archive.rows.get(`old ${signal.predictionId}`)!;
    assert.deepEqual(
      [kept['trades'], kept['up_4h'], kept['predicted_4h'], (kept['bar_close_time'] as Date).getTime()],
      [1, 0.6, 1, signal.barCloseTime],
    );
    assert.ok(Math.abs(Number(kept['trade_pnl_pips']) - 1_000) < 1e-6, '1.1 to 1.2 in pips of 0.0001');
    assert.equal(await count('trade_results'), 1);

    await ageOfPredictions(client, '3 years 1 day');
    await store.applyRetention();
    assert.equal(await count('trade_results'), 0);
    // What comes after finds its partition again.
    await store.write([{ kind: 'signal', sequence: 1, signal }]);
    assert.equal(await count('ml_predictions'), 1);
  } finally {
    await client.end();
    await store.close();
  }
}

/** An archive that is away or goes away half-way, and a prediction that changes meanwhile, cost nothing. */
async function archiveContract(
  store: PostgresPredictionStore,
  client: pg.Client,
  archive: MemoryArchive,
  late: Signal,
): Promise<void> {
  const all = async (): Promise<string[]> => {
    const { rows } = await client.query<{ id: string }>(
      `SELECT tenant_id || ' ' || prediction_id AS id FROM suho_private.ml_predictions`,
    );
    return rows.map(({ id }) => id);
  };
  const before = (await all()).length;
  archive.before = async () => await Promise.reject(new Error('away'));
  await assert.rejects(archiveExpired(store.expired, archive), /away/);
  assert.deepEqual([(await all()).length, archive.rows.size], [before, 0]);

  // The first page is stored, the next is not.
  let pages = 0;
  archive.before = async () => {
    if (++pages > 1) await Promise.reject(new Error('away again'));
  };
  await assert.rejects(archiveExpired(store.expired, archive), /away again/);
  assert.ok(archive.rows.size > 0);
  const known = new Set([...archive.rows.keys(), ...(await all())]);
  assert.equal(known.size, before, 'each prediction is in one store at least');

  // An outcome that comes while its stretch is being stored: it is stored again before it goes.
  let isWritten = false;
  const { predictionId: id, barCloseTime } = late;
  archive.before = async () => {
    if (isWritten) return;
    isWritten = true;
    await store.write([
      {
        kind: 'outcome',
        tenantId: 'old',
        predictionId: id,
        label: {
          closeTime: barCloseTime,
          horizon: 0,
          direction: 1,
          return: 0.002,
          maxGain: 0.003,
          maxLoss: -0.001,
          barrier: 1,
          resolvedAt: barCloseTime + HOUR,
        },
      },
    ]);
  };
  while ((await store.expired.stretches()).length > 0) await archiveExpired(store.expired, archive);
  assert.ok(isWritten);
  assert.equal(archive.rows.size, before);
  assert.equal(archive.rows.get(`old ${id}`)!['actual_1h'], 1);
  assert.equal(archive.rows.get(`old ${id}`)!['return_1h'], 0.002);
}
