// The contracts of the stores against real servers.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import { applySchemas } from '../../engine/database/schemas.js';
import { SuhoError } from '../../engine/errors.js';
import { ClickHouseFeatureStore } from '../../engine/feature-store/clickhouse-feature-store.js';
import { ClickHouseServer } from '../../engine/feature-store/clickhouse-server.js';
import type { LoggedPattern } from '../../engine/journal/moments.js';
import { partitionName } from '../../engine/patterns/pattern-index.js';
import { WeaviatePatternIndex } from '../../engine/patterns/weaviate-pattern-index.js';
import { WeaviateRelationStore } from '../../engine/relations/weaviate-relation-store.js';
import { FolderArtifactStore } from '../../engine/registry/folder-artifact-store.js';
import { S3ArtifactStore } from '../../engine/registry/s3-artifact-store.js';
import { afterTest } from '../support/cleanup.js';
import { artifactStoreContract, modelRegistryContract, patternIndexContract } from '../support/contracts.js';
import { featureStoreContract } from '../support/feature-store-contract.js';
import { predictionStoreContract, retentionContract } from '../support/prediction-contract.js';
import { temporaryFolder } from '../support/engine.js';
import { relationStoreContract } from '../support/relation-contract.js';
import { isolationContract } from '../support/isolation.js';
import { adminUrl, engineUrl, makeEngineLogin, startServer, type ServerName } from '../support/servers.js';

async function postgresContracts(t: TestContext, name: ServerName, tier: string): Promise<void> {
  const server = await startServer(t, name);
  if (server === undefined) return;
  const admin = { connectionString: adminUrl(server.port) };
  const applied = await Promise.all(Array.from({ length: 3 }, () => applySchemas(admin)));
  assert.ok(applied.some((files) => files.length === 2));
  assert.equal((await applySchemas(admin, true)).length, 2, 'again does no harm');
  await makeEngineLogin(server.port);
  const engine = { connectionString: engineUrl(server.port) };
  await predictionStoreContract(engine);
  await modelRegistryContract(engine);
  await isolationContract(engine);
  await retentionContract(admin, engine);
  const client = new pg.Client(admin);
  await client.connect();
  const { rows } = await client.query<{ tier: string }>('SELECT suho_private.tier() AS tier');
  await client.end();
  assert.equal(rows[0]!.tier, tier);
}

test('PostgreSQL keeps predictions, trades and models, each tenant its own', async (t) => {
  await postgresContracts(t, 'postgresql', 'postgresql');
});

test('TimescaleDB (Apache edition) keeps predictions, trades and models, each tenant its own', async (t) => {
  await postgresContracts(t, 'timescaledb', 'apache');
});

test('ClickHouse over HTTP keeps features, and a wrong password is said so', async (t) => {
  const server = await startServer(t, 'clickhouse');
  if (server === undefined) return;
  const settings = {
    url: `http://127.0.0.1:${server.port}`,
    username: 'suho',
    password: 'clickhouse-secret',
    database: 'default',
  };
  const store = new ClickHouseFeatureStore(new ClickHouseServer(settings));
  afterTest(t, () => store.close());
  await featureStoreContract(store);
  const other = new ClickHouseFeatureStore(new ClickHouseServer({ ...settings, password: 'wrong' }));
  afterTest(t, () => other.close());
  await assert.rejects(other.sql('SELECT 1'), /Authentication failed/);
});

test('Weaviate keeps relations between markets, each with references to both', async (t) => {
  const server = await startServer(t, 'weaviate');
  if (server === undefined) return;
  const url = `http://127.0.0.1:${server.port}`;
  const { tenantId, at } = await relationStoreContract(new WeaviateRelationStore({ url }));
  const query = `{ Get { MarketRelation(tenant: "${tenantId}", where: {path: ["lag"], operator: Equal, valueInt: 2}) {
    at leader { ... on Market { symbol } } follower { ... on Market { symbol } } } } }`;
  const answer = await fetch(`${url}/v1/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data } = (await answer.json()) as { data: { Get: { MarketRelation: unknown[] } } };
  assert.deepEqual(data.Get.MarketRelation, [
    {
      at: new Date(at).toISOString().replace('.000Z', 'Z'),
      leader: [{ symbol: 'EURUSD' }],
      follower: [{ symbol: 'GBPUSD' }],
    },
  ]);
});

test('Weaviate finds similar moments, wakes a tenant that sleeps, and keeps live states and anomalies', async (t) => {
  const server = await startServer(t, 'weaviate');
  if (server === undefined) return;
  const url = `http://127.0.0.1:${server.port}`;
  const index = new WeaviatePatternIndex({ url, anomalyFrom: 3 });
  await patternIndexContract(index);

  const key = { tenantId: 'acme', embeddingVersion: 'e1', symbol: 'EURUSD', timeframe: '1h' };
  const vector = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
  const moment = (closeTime: number, resolvedAt: number, anomaly: number): LoggedPattern => ({
    partition: partitionName(key),
    closeTime,
    pattern: {
      vector,
      directions: resolvedAt > 0 ? [1, 1, 1] : [NaN, NaN, NaN],
      returns: [0.001, 0.002, 0.004],
      resolvedAt,
      conditions: { close: 1.25, rsi_14: 61.5 },
      anomaly,
      trades: { count: 4, won: 3, pips: 12, percent: 0.1 },
    },
  });
  const HOUR = 3_600_000;
  await index.addLogged([moment(HOUR, 0, 0.5), moment(2 * HOUR, 0, 4), moment(3 * HOUR, 0, 0.5)]);
  await index.addLogged([moment(HOUR, 25 * HOUR, 0.5)]);
  // Weaviate was away for a day: what was unlike anything is known only now, with its outcome.
  await index.addLogged([
    { ...moment(HOUR, 25 * HOUR, 5), partition: partitionName({ ...key, tenantId: 'late' }) },
  ]);
  const objects = async (name: string, tenant: string): Promise<Record<string, unknown>[]> => {
    const answer = await fetch(`${url}/v1/objects?class=${name}&tenant=${tenant}`);
    const { objects: found = [] } = (await answer.json()) as {
      objects?: { properties: Record<string, unknown> }[];
    };
    return found.map(({ properties }) => properties);
  };
  const [pattern, ...more] = await objects('TradingPattern', 'acme');
  assert.deepEqual(more, []);
  // By hand: 0.001 × 1.25 / 0.0001 pips; 3 of 4 trades.
  assert.deepEqual(
    (pattern!['outcomePips'] as number[]).map((x) => Number(x.toFixed(6))),
    [12.5, 25, 50],
  );
  assert.deepEqual(
    [pattern!['winRate'], pattern!['tradePips'], pattern!['rsi_14'], pattern!['price']],
    [0.75, 12, 61.5, 1.25],
  );
  const live = await objects('LiveMarketState', 'acme');
  assert.deepEqual(
    live.map(({ closeTime }) => Date.parse(closeTime as string)),
    [3 * HOUR],
  );
  const unusual = await objects('AnomalyPattern', 'acme');
  assert.deepEqual(
    unusual.map(({ closeTime }) => Date.parse(closeTime as string)),
    [2 * HOUR],
  );
  assert.equal(unusual[0]!['directions'], undefined, 'nothing came of it yet');
  await index.addLogged([moment(2 * HOUR, 26 * HOUR, 4)]);
  const [resolved] = await objects('AnomalyPattern', 'acme');
  assert.deepEqual(
    [resolved!['directions'], Date.parse(resolved!['resolvedAt'] as string), resolved!['anomaly']],
    [[1, 1, 1], 26 * HOUR, 4],
  );
  assert.deepEqual(
    (resolved!['outcomePercent'] as number[]).map((x) => Number(x.toFixed(6))),
    [0.1, 0.2, 0.4],
  );
  assert.deepEqual(
    [(await objects('TradingPattern', 'late')).length, (await objects('AnomalyPattern', 'late')).length],
    [1, 1],
  );
  for (const name of ['TradingPattern', 'LiveMarketState', 'AnomalyPattern'])
    assert.deepEqual(await objects(name, 'zen'), [], 'another tenant’s shard has nothing of it');
  const { objectTtlConfig } = (await (await fetch(`${url}/v1/schema/LiveMarketState`)).json()) as {
    objectTtlConfig: { enabled: boolean; defaultTtl: number };
  };
  assert.deepEqual([objectTtlConfig.enabled, objectTtlConfig.defaultTtl], [true, 86_400]);

  // What servers before 1.35 are told, which do not forget by themselves: the states of acme alone, and only old ones.
  await index.addLogged([{ ...moment(HOUR, 0, 0.5), partition: partitionName({ ...key, tenantId: 'zen' }) }]);
  await index.forgetLiveStates('acme', Date.now() - 60_000);
  assert.equal((await objects('LiveMarketState', 'acme')).length, 1);
  await index.forgetLiveStates('acme', Date.now() + 60_000);
  assert.deepEqual(
    [(await objects('LiveMarketState', 'acme')).length, (await objects('LiveMarketState', 'zen')).length],
    [0, 1],
  );

  const sleep = await fetch(`${url}/v1/schema/TradingPattern/tenants`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ name: 'acme', activityStatus: 'INACTIVE' }]),
  });
  assert.ok(sleep.ok, await sleep.text());
  assert.equal((await index.search(key, { vector, k: 5, asOf: Infinity })).length, 2);
});

test('Weaviate’s classes of an earlier version get the properties that came since', async (t) => {
  const server = await startServer(t, 'weaviate');
  if (server === undefined) return;
  const url = `http://127.0.0.1:${server.port}`;
  const schema = new URL('../../../schemas/04_weaviate_pattern_vectors.json', import.meta.url);
  const { classes } = JSON.parse(readFileSync(schema, 'utf8')) as {
    classes: { class: string; properties: { name: string }[] }[];
  };
  const wanted = classes.find((each) => each.class === 'AnomalyPattern')!;
  const before = wanted.properties.filter(({ name }) => !['resolvedAt', 'directions'].includes(name));
  const made = await fetch(`${url}/v1/schema`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...wanted, properties: before }),
  });
  assert.ok(made.ok, await made.text());
  await new WeaviatePatternIndex({ url, anomalyFrom: 3 }).prepare();
  const { properties } = (await (await fetch(`${url}/v1/schema/AnomalyPattern`)).json()) as typeof wanted;
  assert.deepEqual(
    properties.map(({ name }) => name).sort(),
    wanted.properties.map(({ name }) => name).sort(),
  );
});

test('an S3 server keeps model files; what a dead download left is ignored, a damaged file is fetched again', async (t) => {
  const server = await startServer(t, 's3');
  if (server === undefined) return;
  const settings = {
    uri: 's3://models/suho',
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    accessKeyId: 'suho',
    secretAccessKey: 's3-secret-0123',
  };
  const folder = temporaryFolder(t);
  const store = new S3ArtifactStore(new FolderArtifactStore(folder), settings);
  await artifactStoreContract(store, 's3');

  // Another machine: what a dead download of another process left is neither used nor in the way.
  const place = { tenantId: 'acme', model: 'market/EURUSD/1h', version: 'v1.0.0' };
  const bytes = Buffer.alloc(200_000, 'model');
  const { sha256, uri } = await store.put(place, bytes);
  assert.equal(uri, `s3://models/suho/acme/market-EURUSD-1h/v1.0.0/${sha256}.onnx`);
  const there = temporaryFolder(t);
  const other = new S3ArtifactStore(new FolderArtifactStore(there), settings);
  const file = path.join(there, `${sha256}.onnx`);
  for (const left of [bytes.subarray(0, 80_000), Buffer.alloc(80_000, 'evil')]) {
    rmSync(file, { force: true });
    writeFileSync(`${file}.part`, left);
    await Promise.all([other.fetch(place, sha256), other.fetch(place, sha256)]);
    assert.ok(readFileSync(file).equals(bytes));
  }
  // A file that was damaged here is fetched again.
  writeFileSync(file, Buffer.alloc(200_000, 'evil'));
  await other.fetch(place, sha256);
  assert.ok(readFileSync(file).equals(bytes));
  rmSync(path.join(there, `${sha256}.onnx`));
  // Another tenant that knows the name of the file finds none of its own.
  await assert.rejects(
    other.fetch({ ...place, tenantId: 'zen' }, sha256),
    (error) => error instanceof SuhoError && error.code === 'NOT_FOUND',
  );
  assert.deepEqual(
    readdirSync(there).filter((name) => name.endsWith('.onnx')),
    [],
  );
  const stranger = new S3ArtifactStore(new FolderArtifactStore(temporaryFolder(t)), {
    ...settings,
    secretAccessKey: 'wrong-secret',
  });
  await assert.rejects(
    stranger.put(place, bytes),
    (error) =>
      error instanceof SuhoError &&
      error.code === 'STORE_UNAVAILABLE' &&
      !error.message.includes('wrong-secret'),
  );
  await server.kill();
  await assert.rejects(
    store.probe(),
    (error) => error instanceof SuhoError && error.code === 'STORE_UNAVAILABLE',
  );
  for (const each of [store, other, stranger]) each.close();
});
