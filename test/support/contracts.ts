// What every store must do, embedded or a server: the same functions run against both.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import type { WalkForwardEquity } from '../../engine/backtest/walk-forward-equity.js';
import { SuhoError } from '../../engine/errors.js';
import { pipOf } from '../../engine/feedback/trade-report.js';
import { EMBEDDING } from '../../engine/inference/slab.js';
import { Random } from '../../engine/learning/random.js';
import type { PartitionKey, Pattern, PatternIndex } from '../../engine/patterns/pattern-index.js';
import type { ArtifactStore } from '../../engine/registry/artifact-store.js';
import { nextVersion, type ModelRecord } from '../../engine/registry/model-registry.js';
import { PostgresModelRegistry } from '../../engine/registry/postgres-model-registry.js';
import { MONDAY } from './markets.js';

const HOUR = 3_600_000;

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
    family: 'boosted',
    tried: { families: 1, skillZ: 3, worth: [] },
    importance: [{ feature: 'rsi_14', logLoss: 0.01 }],
    trainedFrom: MONDAY,
    trainedThrough: MONDAY + Number(version.split('.')[2]) * HOUR,
    rows: 100,
    batchInvariant: true,
  };
}

/** What a walk-forward came to, as a training hands it over. */
const TRADED: WalkForwardEquity = {
  horizon: '1h',
  trades: 2,
  won: 0.5,
  total: -0.01,
  cost: 0.001,
  drawdown: 0.02,
  quotedShare: 1,
  points: [
    [MONDAY, 0.01, 0],
    [MONDAY + HOUR, -0.01, -0.02],
  ],
};

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
    await registry!.register(first, { equity: TRADED });
    await registry!.register(first);
    await registry!.promote(first);
    const [found, ...others] = await registry!.list(first);
    const { status: state, registeredAt, traffic: _, trial: __, ...listed } = found!;
    assert.deepEqual([listed, state, others], [first, 'production', []]);
    assert.ok(Math.abs(registeredAt - Date.now()) < 3_600_000, `registered at ${registeredAt}`);
    assert.deepEqual(await registry!.list({ ...first, tenantId: `${tenant}-x` }), []);
    assert.deepEqual(await registry!.equity(first, 'v1.0.0'), TRADED);
    assert.equal(await registry!.equity({ ...first, tenantId: `${tenant}-x` }, 'v1.0.0'), undefined);
    assert.equal(await registry!.equity(first, 'v1.0.1'), undefined);

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
      const { rows: evaluations } = await client.query<{ kind: string; metrics: unknown }>(
        `SELECT kind, metrics FROM ml_registry.model_evaluations WHERE kind <> 'walk_forward_equity'`,
      );
      assert.equal(
        evaluations.length,
        1 + later.length,
        'one evaluation of each, the model that came twice has one',
      );
      assert.deepEqual(evaluations[0], {
        kind: 'permutation_importance',
        metrics: { features: first.importance },
      });
      const { rows } = await client.query<{ status: string; version: string }>(
        'SELECT status, version FROM ml_registry.models ORDER BY version',
      );
      assert.equal(rows.filter(({ status }) => status === 'production').length, 1, JSON.stringify(rows));
      assert.equal(rows.filter(({ status }) => status === 'deprecated').length, 4);
      await everyIllegalTransitionIsRefused(client, tenant);
    } finally {
      await client.end();
    }
    await versionsSayWhatChanged(registry!, tenant, first);
  } finally {
    for (const each of registries) await each.close();
  }
}

/** A version that does not say what changed is refused. */
async function versionsSayWhatChanged(
  registry: PostgresModelRegistry,
  tenant: string,
  first: ModelRecord,
): Promise<void> {
  for (const [wrong, parent] of [
    [{ ...inventedModel(tenant, 'v1.1.0', 'v1.0.0') }, 'retraining alone is no new feature set'],
    [{ ...inventedModel(tenant, 'v1.0.9', 'v1.0.0'), architecture: 'another' }, 'an architecture is a major'],
    [{ ...inventedModel(tenant, 'v2.0.0', 'v1.0.0'), featureSetVersion: 'fs2' }, 'a feature set is a minor'],
    [{ ...inventedModel(tenant, 'v3.0.0') }, 'the first of all is v1.0.0'],
  ] as const)
    await assert.rejects(registry.register(wrong), /cannot be|is v1\.0\.0/, parent);
  assert.equal(nextVersion({ ...first, featureSetVersion: 'fs2' }, first), 'v1.1.0');
  await registry.register({
    ...inventedModel(tenant, nextVersion({ ...first, featureSetVersion: 'fs2' }, first), 'v1.0.0'),
    featureSetVersion: 'fs2',
  });
  assert.equal(nextVersion({ ...first, hyperparameters: { width: 65 } }, first), 'v2.0.0');
}

const STATUSES = [
  'draft',
  'validated',
  'staging',
  'shadow',
  'canary',
  'production',
  'deprecated',
  'archived',
];
/** The life of a model as the issue and the design draw it, with the ways back from a rollout that failed. */
const LEGAL = new Set([
  'draft validated',
  'validated staging',
  'staging shadow',
  'staging canary',
  'shadow canary',
  'shadow staging',
  'shadow archived',
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
  shadow: ['validated', 'staging', 'shadow'],
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
        await assert.rejects(change(to), /illegal transition/, `${from} to ${to}`);
        refused++;
      }
    }
  }
  assert.equal(refused, 8 * 7 - LEGAL.size);
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
  await relatedMomentsContract(index, key, patterns, query);
}

/** Moments of related symbols where a query names them: the most similar of all, each by its symbol, known then, of one tenant only. */
async function relatedMomentsContract(
  index: PatternIndex,
  key: PartitionKey,
  own: readonly Pattern[],
  query: Float32Array,
): Promise<void> {
  const random = new Random(2);
  const others = Array.from({ length: 600 }, (_, i) => inventedPattern(random, i));
  // Of the same tenant and embedding, of another embedding, timeframe and tenant, and of a symbol that is not named.
  await index.add({ ...key, symbol: 'GBPUSD' }, others);
  for (const other of [
    { embeddingVersion: 'e2' },
    { timeframe: '4h' },
    { tenantId: `zen-${randomBytes(3).toString('hex')}` },
    { symbol: 'USDJPY' },
  ])
    await index.add(
      { ...key, symbol: 'GBPUSD', ...other },
      others.slice(0, 20).map((pattern) => ({ ...pattern, vector: query })),
    );
  for (const asOf of [Infinity, 400 * HOUR]) {
    const of = (symbol: string, patterns: readonly Pattern[]): (readonly [number, string])[] =>
      patterns
        .filter(({ resolvedAt }) => resolvedAt <= asOf)
        .map(({ vector, closeTime }) => [cosine(query, vector), `${symbol}/1h/${closeTime}`]);
    const expected = [...of('EURUSD', own), ...of('GBPUSD', others)].sort((a, b) => b[0] - a[0]).slice(0, 20);
    const found = await index.search(key, { vector: query, k: 20, asOf, related: ['GBPUSD'] });
    assert.deepEqual(
      found.map(({ id }) => id),
      expected.map(([, id]) => id),
    );
    assert.deepEqual(new Set(found.map(({ symbol }) => symbol)), new Set(['EURUSD', 'GBPUSD']));
    for (const { id, symbol, closeTime } of found) assert.equal(id, `${symbol}/1h/${closeTime}`);
  }
  const alone = await index.search(key, { vector: query, k: 20, asOf: Infinity });
  assert.ok(alone.every(({ symbol }) => symbol === 'EURUSD'));
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
