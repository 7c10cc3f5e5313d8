// What every store must do, embedded or a server: the same functions run against both.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { predictionId } from '../../actors/signals/prediction-id.js';
import type { Signal } from '../../actors/signals/signal.js';
import { SuhoError } from '../../engine/errors.js';
import type { FeatureStore, SeriesIdentity } from '../../engine/feature-store/feature-store.js';
import { RowDecoder } from '../../engine/feature-store/table.js';
import { pipOf, readTradeReport, tradeOf } from '../../engine/feedback/trade-report.js';
import { EMBEDDING } from '../../engine/inference/slab.js';
import { LABEL_NUMBERS, type StoredRow, type TradeRecord } from '../../engine/journal/records.js';
import { Random } from '../../engine/learning/random.js';
import type { PartitionKey, Pattern, PatternIndex } from '../../engine/patterns/pattern-index.js';
import { PostgresPredictionStore } from '../../engine/prediction-store/postgres-prediction-store.js';
import type { ArtifactStore } from '../../engine/registry/artifact-store.js';
import { nextVersion, type ModelRecord } from '../../engine/registry/model-registry.js';
import { PostgresModelRegistry } from '../../engine/registry/postgres-model-registry.js';
import { MONDAY, inventedBars } from './markets.js';

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

function inventedTrade(signal: Signal, tradeId: string, exitPrice: number): TradeRecord {
  return tradeOf(
    readTradeReport({
      tradeId,
      predictionId: signal.predictionId,
      side: 'LONG',
      quantity: 10_000,
      entryTime: signal.barCloseTime,
      entryPrice: 1.1,
      exitTime: signal.barCloseTime + HOUR,
      exitPrice,
      commission: 2,
    }),
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

    const [first] = signals;
    const trades = [inventedTrade(first!, 't1', 1.101), inventedTrade(first!, 't2', 1.0995)];
    for (let again = 0; again < 2; again++)
      await store.write(trades.map((trade) => ({ kind: 'trade' as const, trade })));
    // The same trade, told another time with another end: the first report stands.
    await store.write([{ kind: 'trade', trade: { ...trades[0]!, exitTime: trades[0]!.exitTime + HOUR } }]);
    const [traded] = await store.sql(
      `SELECT trades, trade_pnl_pips AS pips, trade_pnl_money AS money, trade_won AS won FROM ml_predictions
       WHERE prediction_id = '${first!.predictionId}'`,
      acme,
    );
    // By hand: +10 and −5 pips of 0.0001; 10,000 units: 10 − 5 dollars, 2 × 2 of costs.
    assert.equal(traded!['trades'], 2);
    assert.ok(Math.abs(Number(traded!['pips']) - 5) < 1e-6);
    assert.ok(Math.abs(Number(traded!['money']) - 1) < 1e-6);
    assert.equal(traded!['won'], true);

    const found = await store.find(acme, first!.predictionId);
    assert.deepEqual(found, {
      symbol: 'EURUSD',
      timeframe: '1h',
      barCloseTime: first!.barCloseTime,
      modelVersion: 'v1.0.0',
    });
    assert.equal(
      await store.find(zen, first!.predictionId),
      undefined,
      'another tenant has no such prediction',
    );
    const hours = await store.sql('SELECT sum(predictions)::int AS n FROM predictions_hourly', zen);
    assert.equal(hours[0]!['n'], 60);
    assert.equal(await store.applyRetention(), 0, 'what was stored today stays, however old its bars are');
  } finally {
    await store.close();
  }
}

/** Rows go when they were stored long enough ago, predictions before trades. `admin` may change when that was. */
export async function retentionContract(admin: pg.PoolConfig, connection: pg.PoolConfig): Promise<void> {
  const store = new PostgresPredictionStore(connection);
  const client = new pg.Client(admin as pg.ClientConfig);
  await client.connect();
  try {
    const signal = inventedSignal('old', 9_000);
    await store.write([
      { kind: 'signal', sequence: 1, signal },
      { kind: 'trade', trade: inventedTrade(signal, 'old', 1.2) },
    ]);
    assert.equal(await store.applyRetention(), 0);
    const { rows } = await client.query<{ tier: string }>('SELECT suho_private.tier() AS tier');
    const age = async (interval: string): Promise<unknown> =>
      await client.query(
        rows[0]!.tier === 'postgresql'
          ? `UPDATE suho_private.partitions SET created_at = now() - INTERVAL '${interval}', ends = now() - INTERVAL '${interval}'`
          : `UPDATE _timescaledb_catalog.chunk SET creation_time = now() - INTERVAL '${interval}'`,
      );
    await age('91 days');
    assert.ok((await store.applyRetention()) > 0);
    const count = async (name: string): Promise<unknown> =>
      (await store.sql(`SELECT count(*) AS n FROM ${name}`, 'old'))[0]!['n'];
    assert.deepEqual([await count('ml_predictions'), await count('trade_results')], [0, 1]);
    await age('3 years 1 day');
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

/** A model of an invented series. */
export function inventedModel(tenantId: string, version: string, parentVersion?: string): ModelRecord {
  const sha256 = createHash('sha256').update(`${tenantId} ${version}`).digest('hex');
  return {
    architecture: 'invented',
    hyperparameters: { width: 64 },
    featureSetVersion: 'fs1',
    modelId: sha256,
    encoderId: sha256,
    artifactUri: 'file:///nowhere',
    encoderUri: 'file:///nowhere',
    version,
    parentVersion,
    tenantId,
    feed: 'market',
    symbol: 'EURUSD',
    timeframe: '1h',
    embeddingVersion: 'e1',
    anomalyScale: 1,
    primaryHorizon: 0,
    edge: [true, false, false],
    scores: [],
    trainedFrom: MONDAY,
    trainedThrough: MONDAY + Number(version.split('.')[2]) * HOUR,
    rows: 100,
    batchInvariant: true,
  };
}

/**
 * Models: versions that say what changed, one production model of a series however many engines promote, and every
 * illegal change of status refused by the database. `connection` acts as the engine does.
 */
export async function modelRegistryContract(connection: pg.PoolConfig): Promise<void> {
  const tenant = `acme-${randomBytes(3).toString('hex')}`;
  const registries = Array.from({ length: 4 }, () => new PostgresModelRegistry(connection));
  const [registry] = registries;
  try {
    const first = inventedModel(tenant, 'v1.0.0');
    await registry!.register(first);
    await registry!.register(first);
    await registry!.promote(first);
    assert.deepEqual(await registry!.list(first), [first]);
    assert.deepEqual(await registry!.list({ ...first, tenantId: `${tenant}-x` }), []);

    const later = ['v1.0.1', 'v1.0.2', 'v1.0.3', 'v1.0.4'].map((version) =>
      inventedModel(tenant, version, 'v1.0.0'),
    );
    for (const model of later) await registry!.register(model);
    await Promise.all(later.map((model, i) => registries[i]!.promote(model)));
    const client = new pg.Client(connection as pg.ClientConfig);
    await client.connect();
    try {
      await client.query(`SET ROLE suho_engine`);
      await client.query(`SELECT set_config('suho.tenant_id', $1, false)`, [tenant]);
      const { rows } = await client.query<{ status: string; version: string }>(
        'SELECT status, version FROM ml_registry.models ORDER BY version',
      );
      assert.equal(rows.filter(({ status }) => status === 'production').length, 1, JSON.stringify(rows));
      assert.equal(rows.filter(({ status }) => status === 'deprecated').length, 4);
      await everyIllegalTransitionIsRefused(client, tenant);
    } finally {
      await client.end();
    }
    // A version that does not say what changed.
    for (const [wrong, parent] of [
      [{ ...inventedModel(tenant, 'v1.1.0', 'v1.0.0') }, 'retraining alone is no new feature set'],
      [
        { ...inventedModel(tenant, 'v1.0.9', 'v1.0.0'), architecture: 'another' },
        'an architecture is a major',
      ],
      [
        { ...inventedModel(tenant, 'v2.0.0', 'v1.0.0'), featureSetVersion: 'fs2' },
        'a feature set is a minor',
      ],
      [{ ...inventedModel(tenant, 'v3.0.0') }, 'the first of all is v1.0.0'],
    ] as const)
      await assert.rejects(registry!.register(wrong), /cannot be|is v1\.0\.0/, parent);
    assert.equal(nextVersion({ ...first, featureSetVersion: 'fs2' }, first), 'v1.1.0');
    await registry!.register({
      ...inventedModel(tenant, nextVersion({ ...first, featureSetVersion: 'fs2' }, first), 'v1.0.0'),
      featureSetVersion: 'fs2',
    });
    assert.equal(nextVersion({ ...first, hyperparameters: { width: 65 } }, first), 'v2.0.0');
  } finally {
    for (const each of registries) await each.close();
  }
}

const STATUSES = ['draft', 'validated', 'staging', 'canary', 'production', 'deprecated', 'archived'];
/** The life of a model as the issue and the design draw it, with the ways back from a rollout that failed. */
const LEGAL = new Set([
  'draft validated',
  'validated staging',
  'staging canary',
  'canary production',
  'production deprecated',
  'deprecated archived',
  'draft archived',
  'validated archived',
  'staging archived',
  'canary archived',
  'staging validated',
  'canary staging',
  'deprecated production',
]);
const WAY_TO: Readonly<Record<string, readonly string[]>> = {
  draft: [],
  validated: ['validated'],
  staging: ['validated', 'staging'],
  canary: ['validated', 'staging', 'canary'],
  production: ['validated', 'staging', 'canary', 'production'],
  deprecated: ['validated', 'staging', 'canary', 'production', 'deprecated'],
  archived: ['archived'],
};

async function everyIllegalTransitionIsRefused(client: pg.Client, tenant: string): Promise<void> {
  let refused = 0;
  for (const from of STATUSES) {
    for (const to of STATUSES) {
      if (from === to) continue;
      const { rows } = await client.query<{ model_id: string }>(
        `INSERT INTO ml_registry.models (tenant_id, name, version, architecture, feature_set_version, artifact_uri, artifact_sha256)
         VALUES ($1, $2, 'v1.0.0', 'a', 'f', 'u', $3) RETURNING model_id`,
        [tenant, `${from} to ${to}`, '0'.repeat(64)],
      );
      const change = async (status: string): Promise<unknown> =>
        await client.query('UPDATE ml_registry.models SET status = $2 WHERE model_id = $1', [
          rows[0]!.model_id,
          status,
        ]);
      for (const step of WAY_TO[from]!) await change(step);
      if (LEGAL.has(`${from} ${to}`)) await change(to);
      else {
        await assert.rejects(change(to), /goes from .* never/, `${from} to ${to}`);
        refused++;
      }
    }
  }
  assert.equal(refused, 7 * 6 - LEGAL.size);
  await assert.rejects(
    client.query(
      `INSERT INTO ml_registry.models (tenant_id, name, version, architecture, feature_set_version, artifact_uri, artifact_sha256, status)
       VALUES ($1, 'born live', 'v1.0.0', 'a', 'f', 'u', $2, 'production')`,
      [tenant, '0'.repeat(64)],
    ),
    /is a draft/,
  );
}

function inventedPattern(random: Random, hour: number): Pattern {
  return {
    closeTime: hour * HOUR,
    resolvedAt: (hour + 24) * HOUR,
    vector: Float32Array.from({ length: EMBEDDING }, () => random.normal()),
    directions: [1, 0, -1],
    returns: [0.1, 0, -0.1],
  };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Similar moments: what an exhaustive search finds, only what was known then, of one partition only. */
export async function patternIndexContract(index: PatternIndex): Promise<void> {
  const key: PartitionKey = {
    tenantId: `acme-${randomBytes(3).toString('hex')}`,
    embeddingVersion: 'e1',
    symbol: 'EURUSD',
    timeframe: '1h',
  };
  assert.equal(await index.size(key), 0);
  const random = new Random(1);
  const patterns = Array.from({ length: 1_500 }, (_, i) => inventedPattern(random, i));
  assert.deepEqual(await index.search(key, { vector: patterns[0]!.vector, k: 5, asOf: Infinity }), []);
  await index.add(key, patterns);
  await index.add(key, patterns.slice(0, 10));
  assert.equal(await index.size(key), 1_500, 'the same moment again changes nothing');
  const query = inventedPattern(random, 0).vector;
  for (const asOf of [Infinity, 700 * HOUR]) {
    const found = await index.search(key, { vector: query, k: 10, asOf });
    const expected = patterns
      .filter(({ resolvedAt }) => resolvedAt <= asOf)
      .map((p) => [cosine(query, p.vector), p.closeTime] as const)
      .sort((a, b) => b[0] - a[0])
      .slice(0, 10);
    assert.deepEqual(
      found.map(({ closeTime }) => closeTime),
      expected.map(([, t]) => t),
    );
    found.forEach(({ similarity }, i) => assert.ok(Math.abs(similarity - expected[i]![0]) < 1e-4));
    assert.deepEqual(Array.from(found[0]!.directions), [1, 0, -1]);
    assert.deepEqual(
      Array.from(found[0]!.returns, (x) => Number(x.toFixed(9))),
      [0.1, 0, -0.1],
    );
  }
  const others: Partial<PartitionKey>[] = [
    { tenantId: 'zen' },
    { symbol: 'GBPUSD' },
    { timeframe: '4h' },
    { embeddingVersion: 'e2' },
  ];
  for (const other of others) {
    const found = await index.search({ ...key, ...other }, { vector: query, k: 5, asOf: Infinity });
    assert.deepEqual(found, [], JSON.stringify(other));
  }
  // Another tenant writes the same moments, with other outcomes: each sees its own.
  const stranger = { ...key, tenantId: `zen-${randomBytes(3).toString('hex')}` };
  const before = await index.search(key, { vector: query, k: 5, asOf: Infinity });
  await index.add(
    stranger,
    patterns.slice(0, 5).map((pattern) => ({ ...pattern, directions: [-1, -1, -1] })),
  );
  assert.deepEqual(await index.search(key, { vector: query, k: 5, asOf: Infinity }), before);
  assert.equal(await index.size(key), 1_500);
  const theirs = await index.search(stranger, { vector: query, k: 50, asOf: Infinity });
  assert.equal(theirs.length, 5);
  for (const { directions } of theirs) assert.deepEqual(Array.from(directions), [-1, -1, -1]);
}

/** Features: what was written is read back bit for bit, a row written again is there once, with the newer labels. */
export async function featureStoreContract(store: FeatureStore): Promise<void> {
  await store.prepare();
  await store.prepare();
  const series: SeriesIdentity = {
    tenantId: `acme-${randomBytes(3).toString('hex')}`,
    feed: 'market',
    symbol: 'EURUSD',
    timeframe: '1h',
  };
  const random = new Random(3);
  const bars = inventedBars(300);
  const rows = bars.map((bar, i): StoredRow => {
    const values = Float32Array.from({ length: FEATURE_COUNT }, () => random.normal());
    if (i < 20) values.fill(NaN, 100);
    return {
      seriesId: 'market/EURUSD/1h',
      closeTime: bar.openTime + HOUR,
      bar,
      qualityScore: 1,
      qualityFlags: 0,
      values,
      labels: new Float64Array(LABEL_NUMBERS).fill(NaN),
    };
  });
  await store.write(rows.map((row) => ({ series, row })));
  const labelled = { ...rows[5]!, labels: Float64Array.from({ length: LABEL_NUMBERS }, (_, i) => i) };
  await store.write([{ series, row: labelled }]);
  const decoded = new RowDecoder(series, await store.rows(series, 0, Infinity, 1_000));
  assert.equal(decoded.rows, 300);
  rows.forEach((row, i) => {
    assert.equal(decoded.openTime(i), row.bar.openTime);
    row.values.forEach((value, column) => assert.ok(Object.is(decoded.feature(i, column), value)));
  });
  const [known] = await store.sql(
    `SELECT countIf(labels_known = 3) AS n FROM ml_features WHERE tenant_id = '${series.tenantId}'`,
  );
  assert.equal(Number(known!['n']), 1);
  assert.deepEqual(await store.bars(series, bars[99]!.openTime + HOUR, 10), bars.slice(90, 100));
  assert.deepEqual(await store.barsAfter(series, bars[289]!.openTime, 100), bars.slice(290));
  assert.deepEqual(await store.bars({ ...series, tenantId: 'zen' }, Infinity, 10).catch(() => []), []);
  const columns = await store.columns(series, ['rsi_14'], bars[0]!.openTime, bars[299]!.openTime + HOUR);
  assert.equal(columns.size, 300);
  await assert.rejects(
    store.sql('SELECT nothing FROM nowhere'),
    (error) => error instanceof SuhoError && error.code === 'BAD_INPUT',
  );
}

/** Model files: named by what is in them, there whole or not at all. */
export async function artifactStoreContract(store: ArtifactStore, scheme: string): Promise<void> {
  const bytes = randomBytes(300_000);
  const place = { tenantId: 'acme', model: 'market/EURUSD/1h', version: 'v1.0.0' };
  const { sha256, uri } = await store.put(place, bytes);
  assert.equal(sha256, createHash('sha256').update(bytes).digest('hex'));
  assert.ok(uri.startsWith(`${scheme}://`) && uri.endsWith(`${sha256}.onnx`), uri);
  assert.deepEqual(await store.put(place, bytes), { sha256, uri }, 'the same file again changes nothing');
  await store.fetch(place, sha256);
  assert.ok(store.path(sha256).includes(sha256));
  await assert.rejects(
    store.fetch(place, '0'.repeat(64)),
    (error) => error instanceof SuhoError && error.code === 'NOT_FOUND',
  );
  await store.probe();
  assert.equal(pipOf('USDJPY'), 0.01);
}
