// An engine on real servers with load on it, while each of them goes away and comes back.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { connect } from 'nats';
import type { ConfigInput } from '../../engine/config.js';
import { applySchemas } from '../../engine/database/schemas.js';
import { SuhoError } from '../../engine/errors.js';
import { MetricsServer } from '../../engine/ops/metrics/metrics-server.js';
import { PostgresPredictionStore } from '../../engine/prediction-store/postgres-prediction-store.js';
import { WeaviatePatternIndex } from '../../engine/patterns/weaviate-pattern-index.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import {
  adminUrl,
  engineUrl,
  makeEngineLogin,
  startServer,
  type ServerName,
  type TestServer,
} from '../support/servers.js';
import { TestClient, eventually, serve, type SignalUpdate } from '../support/served.js';

const HOUR = 3_600_000;
const TRAINED = 1_200;
const bars = inventedBars(6_000, { momentum: 0.7, seed: 51 });

const NAMES: readonly ServerName[] = ['clickhouse', 'timescaledb', 'redis', 'nats', 'weaviate', 's3'];

/** Starts every server there is, and makes the configuration that names them. */
async function startAll(
  t: TestContext,
): Promise<{ servers: Map<ServerName, TestServer>; config: ConfigInput } | undefined> {
  const servers = new Map<ServerName, TestServer>();
  for (const name of NAMES) {
    const server = await startServer(t, name);
    if (server === undefined) return undefined;
    servers.set(name, server);
  }
  const port = (name: ServerName): number => servers.get(name)!.port;
  const admin = adminUrl(port('timescaledb'));
  await applySchemas({ connectionString: admin });
  await makeEngineLogin(port('timescaledb'));
  return {
    servers,
    config: {
      clickhouse: {
        url: `http://127.0.0.1:${port('clickhouse')}`,
        username: 'suho',
        password: 'clickhouse-secret',
      },
      postgres: { url: engineUrl(port('timescaledb')) },
      redis: { url: `redis://127.0.0.1:${port('redis')}` },
      nats: {
        url: `nats://127.0.0.1:${port('nats')}`,
        username: 'engine',
        password: 'engine-secret',
        inboxPrefix: '_INBOX_engine',
      },
      weaviate: { url: `http://127.0.0.1:${port('weaviate')}` },
      artifacts: {
        uri: 's3://models/suho',
        endpoint: `http://127.0.0.1:${port('s3')}`,
        accessKeyId: 'suho',
        secretAccessKey: 's3-secret-0123',
      },
    },
  };
}

test('each server in turn is killed and started again under load: the stream goes on, nothing is lost, nothing twice', async (t) => {
  const all = await startAll(t);
  if (all === undefined) return;
  const { servers, config } = all;
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder, config, {});
  const { api, port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  let fed = TRAINED;
  for (let i = 0; i < TRAINED; i += 400) await client.publish(bars.slice(i, i + 400));
  await engine.settled();
  await eventually('NATS is connected', () => engine.messaging?.error === undefined);
  await engine.training.train('default@published/EURUSD/1h', bars[TRAINED - 1]!.openTime + HOUR);

  const streamed: SignalUpdate[] = [];
  const stream = client.stream();
  stream.on('data', (update: SignalUpdate) => streamed.push(update));
  stream.on('error', () => undefined);
  afterTest(t, () => stream.cancel());
  await new Promise<void>((resolve) => stream.once('metadata', () => resolve()));

  let acknowledged = 0;
  const feedOn = async (until: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await until())) {
      const { accepted } = await client.publish(bars.slice(fed, fed + 5));
      acknowledged += accepted;
      fed += 5;
      assert.ok(fed < bars.length, 'the load lasts');
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  };
  for (const name of NAMES) {
    const server = servers.get(name)!;
    await feedOn(() => !api.health.snapshot().degraded);
    await server.kill();
    const before = streamed.length;
    await feedOn(() => api.health.snapshot().degraded && streamed.length >= before + 60);
    if (name === 's3')
      await assert.rejects(
        engine.training.train('default@published/EURUSD/1h', bars[TRAINED + 50]!.openTime + HOUR),
        (error) => error instanceof SuhoError && error.code === 'STORE_UNAVAILABLE',
      );
    await server.start();
    await feedOn(() => !api.health.snapshot().degraded);
    assert.ok(streamed.length >= before + 60, name);
  }
  // The training that had nowhere to put its model left nothing behind, and goes through now.
  const retrained = await engine.training.train(
    'default@published/EURUSD/1h',
    bars[TRAINED + 50]!.openTime + HOUR,
  );
  assert.equal(retrained.record.version, 'v1.0.1');
  await engine.settled();
  await engine.stored();
  await eventually('all signals are streamed', () => streamed.length >= engine.status.counts().signals);

  const ids = streamed.map(({ signal }) => signal.prediction_id);
  assert.equal(acknowledged, fed - TRAINED);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(
    ids.length + withheldCount(engine.status.counts().withheld),
    acknowledged,
    'each bar is accounted for',
  );

  const predictions = new PostgresPredictionStore({
    connectionString: engineUrl(servers.get('timescaledb')!.port),
  });
  const stored = await predictions.sql(
    'SELECT prediction_id FROM ml_predictions ORDER BY bar_close_time',
    'default',
  );
  await predictions.close();
  assert.deepEqual(
    stored.map((row) => row['prediction_id']),
    ids,
  );
  const [rows] = await engine.features.sql('SELECT count() AS n, uniq(bar_open_time) AS u FROM ml_features');
  assert.deepEqual([Number(rows!['n']), Number(rows!['u'])], [fed, fed]);

  const nats = await connect({
    servers: `127.0.0.1:${servers.get('nats')!.port}`,
    user: 'admin',
    pass: 'admin-secret',
  });
  const manager = await nats.jetstreamManager();
  const { state } = await manager.streams.info('SUHO_SIGNALS');
  assert.equal(state.messages, ids.length, 'the broker has each signal once');
  await nats.close();

  const redis = new Redis(`redis://127.0.0.1:${servers.get('redis')!.port}`);
  const latest = await redis.get('suho:default:signal:EURUSD:1h');
  assert.equal((JSON.parse(latest!.slice(16)) as { predictionId: string }).predictionId, ids.at(-1));
  redis.disconnect();

  const index = new WeaviatePatternIndex({
    url: `http://127.0.0.1:${servers.get('weaviate')!.port}`,
    anomalyFrom: 3,
  });
  const route = engine.instruments.routeOf('default', 'default@published/EURUSD/1h')!;
  const key = {
    tenantId: 'default',
    symbol: 'EURUSD',
    timeframe: '1h',
    embeddingVersion: route.embeddingVersion,
  };
  let known = 0;
  for (const [, pattern] of engine.journal.moments.of(`default|${route.embeddingVersion}|EURUSD|1h`))
    if (pattern.resolvedAt > 0 && !pattern.directions.some(Number.isNaN)) known++;
  assert.equal(await index.size(key), known, 'the index has each known moment once');
  assert.ok(known > 1_000);

  // A trade result goes the same way: into the record and into the pattern, once.
  const traded = streamed[10]!.signal;
  for (let again = 0; again < 2; again++) {
    await engine.feedback.report('default', undefined, {
      tradeId: 'f1',
      predictionId: traded.prediction_id,
      side: 'LONG',
      quantity: 1_000,
      entryTime: Number(traded.bar_close_time),
      entryPrice: 1.1,
      exitTime: Number(traded.bar_close_time) + HOUR,
      exitPrice: 1.1012,
    });
  }
  await engine.stored();
  const [record] = await engine.predictions.sql(
    'SELECT prediction_id, trades, trade_pnl_pips AS pips FROM ml_predictions WHERE trades > 0',
    'default',
  );
  assert.equal(record!['prediction_id'], traded.prediction_id);
  assert.ok(Math.abs(Number(record!['pips']) - 12) < 1e-6);
  const answer = await fetch(
    `http://127.0.0.1:${servers.get('weaviate')!.port}/v1/objects?class=TradingPattern&tenant=default&limit=9000`,
  );
  const { objects } = (await answer.json()) as {
    objects: { properties: { closeTime: string; trades?: number; tradePips?: number } }[];
  };
  const taught = objects.filter(({ properties }) => properties.trades !== undefined);
  assert.equal(taught.length, 1);
  assert.equal(Date.parse(taught[0]!.properties.closeTime), Number(traded.bar_close_time));
  assert.ok(Math.abs(taught[0]!.properties.tradePips! - 12) < 1e-6);
});

function withheldCount(withheld: Readonly<Record<string, number>>): number {
  return (withheld['model_deadline'] ?? 0) + (withheld['model_error'] ?? 0);
}

test('an engine starts with every server down, serves from what it has, and catches up when they come', async (t) => {
  const all = await startAll(t);
  if (all === undefined) return;
  const { servers, config } = all;
  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder, config, {});
  const group = await first.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'default',
    timeframe: '1h',
  });
  await first.intake.ingestBars(group, bars.slice(0, TRAINED)).done();
  await first.settled();
  await first.training.train(`${group}/1h`, bars[TRAINED - 1]!.openTime + HOUR);
  await first.stored();
  await first.stop();
  for (const server of servers.values()) await server.kill();

  const engine = await openEngine(t, folder, config, {});
  const { api } = await serve(t, engine);
  const signals: string[] = [];
  engine.publication.onSignal(({ signal }) => signals.push(signal.predictionId));
  for (let i = TRAINED; i < TRAINED + 200; i += 5) {
    await engine.intake.ingestBars(group, bars.slice(i, i + 5)).done();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await engine.settled();
  await eventually('health says so', () => api.health.snapshot().degraded);
  assert.ok(signals.length > 150, `${signals.length} signals with everything down`);
  const lagging = engine.status.sinks().filter(({ healthy }) => !healthy);
  assert.ok(lagging.length >= 4, JSON.stringify(lagging));
  assert.ok(lagging.every(({ lagRows }) => lagRows > 0));
  const metrics = new MetricsServer(api.metricsSource());
  afterTest(t, () => metrics.stop());
  const scrape = async (): Promise<string> =>
    await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const metricsPort = await metrics.listen('127.0.0.1', 0);
  const away = await scrape();
  for (const sink of ['features', 'predictions', 'patterns', 'nats', 'cache-signals']) {
    assert.match(away, new RegExp(`suho_sink_up\\{sink="${sink}"\\} 0`), sink);
    const lag = (name: string): number =>
      Number(new RegExp(`${name}\\{sink="${sink}"\\} (\\S+)`).exec(away)?.[1]);
    assert.ok(lag('suho_sink_lag_rows') > 0 && lag('suho_sink_lag_seconds') > 0, sink);
  }
  assert.doesNotMatch(JSON.stringify(api.health.snapshot()), /secret/, 'no secret is told');

  for (const server of servers.values()) await server.start();
  await eventually('health is well again', () => !api.health.snapshot().degraded, 120_000);
  await engine.stored();
  assert.doesNotMatch(await scrape(), /suho_sink_(up\{[^}]*\} 0|lag_rows\{[^}]*\} [1-9])/);
  const stored = await engine.predictions.sql(
    'SELECT prediction_id FROM ml_predictions ORDER BY bar_close_time',
    'default',
  );
  assert.deepEqual(
    stored.map((row) => row['prediction_id']),
    signals,
  );
});
