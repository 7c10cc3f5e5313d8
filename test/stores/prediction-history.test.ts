/** Predictions past their 90 days: from the embedded PostgreSQL into the embedded ClickHouse, through an engine. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import pino from 'pino';
import { predictionId } from '../../actors/signals/prediction-id.js';
import { EmbeddedPostgres } from '../../engine/database/embedded-postgres.js';
import type { Engine } from '../../engine/engine.js';
import {
  ClickHouseFeatureStore,
  type ClickHouseTransport,
} from '../../engine/feature-store/clickhouse-feature-store.js';
import { ClickHouseServer } from '../../engine/feature-store/clickhouse-server.js';
import { EmbeddedClickHouse } from '../../engine/feature-store/embedded-clickhouse.js';
import { archiveExpired } from '../../engine/prediction-store/archive.js';
import type { PostgresPredictionStore } from '../../engine/prediction-store/postgres-prediction-store.js';
import { afterTest } from '../support/cleanup.js';
import { embeddedPredictions } from '../support/embedded-predictions.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { ageOfPredictions, inventedSignal } from '../support/prediction-contract.js';
import { eventually } from '../support/served.js';
import { startServer } from '../support/servers.js';

async function movesEverything(t: TestContext, clickhouse: ClickHouseTransport): Promise<void> {
  const { server, store } = await embeddedPredictions(t);
  const features = new ClickHouseFeatureStore(clickhouse);
  afterTest(t, async () => await features.close());
  await features.prepare();

  const signals = ['acme', 'zen'].flatMap((tenant) =>
    Array.from({ length: 1_000 }, (_, i) => ({
      ...inventedSignal(tenant, i),
      confidence: (i % 100) / 100,
      abstained: i % 3 === 0 ? (['low_confidence', 'no_edge'] as const) : [],
      symbol: 'GRÖẞE€',
    })),
  );
  const [first] = signals;
  await store.write([
    ...signals.map((signal, sequence) => ({ kind: 'signal' as const, sequence, signal })),
    { kind: 'answer', signal: inventedSignal('acme', 5, 'v2.0.0'), spread: 0.0002 },
    {
      kind: 'outcome',
      tenantId: 'acme',
      predictionId: first!.predictionId,
      label: {
        closeTime: first!.barCloseTime,
        horizon: 1,
        direction: -1,
        return: -0.004,
        maxGain: 0,
        maxLoss: 0,
        barrier: -1,
        resolvedAt: first!.barCloseTime + 14_400_000,
      },
    },
  ]);
  // PostgreSQL's own figures, from before anything is moved.
  const figures = `count(*) AS n, sum(confidence) AS confidence, sum(up_4h) AS up, sum(expected_return_1d) AS expected,
    count(actual_4h) AS known, sum(actual_4h) AS actual, sum(return_4h) AS change, sum(spread) AS spread, sum(predicted_1h) AS predicted`;
  const inPostgres = await Promise.all(
    ['acme', 'zen'].map(
      async (tenant) =>
        (
          await store.sql(
            `SELECT ${figures}, sum(cardinality(abstained)) AS reasons, count(*) FILTER (WHERE served) AS served,
             (sum(extract(epoch FROM bar_close_time)) / count(*))::float8 AS at, min(prediction_id::text) AS id FROM ml_predictions`,
            tenant,
          )
        )[0]!,
    ),
  );
  const admin = new pg.Client(server.connection);
  await admin.connect();
  afterTest(t, async () => await admin.end());
  await ageOfPredictions(admin, '91 days');
  const moved = await archiveExpired(store.expired, features);
  assert.equal(moved.predictions, 2_001);
  assert.equal(moved.changed, 0);
  assert.ok(moved.dropped > 0);
  assert.deepEqual(await archiveExpired(store.expired, features), { predictions: 0, dropped: 0, changed: 0 });

  for (const [i, tenant] of ['acme', 'zen'].entries()) {
    const gone = await store.sql('SELECT count(*) AS n FROM ml_predictions', tenant);
    assert.equal(Number(gone[0]!['n']), 0);
    const [found] = await features.sql(
      `SELECT ${figures}, sum(length(abstained)) AS reasons, countIf(served) AS served,
       sum(toUnixTimestamp(bar_close_time)) / count() AS at, min(toString(prediction_id)) AS id FROM ml_predictions_history`,
      tenant,
    );
    for (const [name, value] of Object.entries(inPostgres[i]!)) {
      if (name === 'id') assert.equal(found![name], value, name);
      else
        assert.ok(
          Math.abs(Number(found![name]) - Number(value)) < 1e-9,
          `${tenant} ${name} ${String(found![name])} ${String(value)}`,
        );
    }
  }
  const texts = await features.sql(
    `SELECT DISTINCT abstained, symbol FROM ml_predictions_history WHERE notEmpty(abstained)`,
    'zen',
  );
  assert.deepEqual(texts, [{ abstained: ['low_confidence', 'no_edge'], symbol: 'GRÖẞE€' }]);

  // Stored once more, as after a crash between the two stores: each is there once.
  await store.write(signals.map((signal, sequence) => ({ kind: 'signal' as const, sequence, signal })));
  await ageOfPredictions(admin, '91 days');
  const again = await archiveExpired(
    { ...bound(store), drop: async () => await Promise.reject(new Error('killed')) },
    features,
  ).catch((error: Error) => error.message);
  assert.equal(again, 'killed');
  assert.ok((await archiveExpired(store.expired, features)).predictions > 0);
  const total = await features.sql('SELECT count(*) AS n FROM ml_predictions_history');
  assert.equal(Number(total[0]!['n']), 2_001);
}

test('what goes from PostgreSQL is in ClickHouse, value by value, each tenant its own', async (t) => {
  await movesEverything(t, new EmbeddedClickHouse(temporaryFolder(t)));
});

test('the same through the client of a ClickHouse server, over HTTP', async (t) => {
  const { port } = (await startServer(t, 'clickhouse'))!;
  const url = `http://127.0.0.1:${port}`;
  const credentials = { username: 'suho', password: 'clickhouse-secret', database: 'default' };
  await movesEverything(t, new ClickHouseServer({ url, ...credentials }));
});

/** The expired predictions of a store, to change what one call does. */
function bound({ expired }: PostgresPredictionStore): PostgresPredictionStore['expired'] {
  return {
    stretches: async () => await expired.stretches(),
    rows: async (...asked) => await expired.rows(...asked),
    drop: async (stretch) => await expired.drop(stretch),
  };
}

test('what is one user’s goes into the history too, and a tenant reads it as little there as before', async (t) => {
  const { server, store } = await embeddedPredictions(t);
  const features = new ClickHouseFeatureStore(new EmbeddedClickHouse(temporaryFolder(t)));
  afterTest(t, async () => await features.close());
  await features.prepare();
  const owners = [
    { tenantId: 'acme' },
    { tenantId: 'acme', userId: 'ann' },
    { tenantId: 'acme', userId: 'o:d/d@é|1' },
    { tenantId: 'zen', userId: 'ann' },
  ];
  // More than a page of one of them.
  const counts = [30, 2_100, 20, 10];
  let sequence = 0;
  for (const [i, { tenantId, userId }] of owners.entries())
    await store.write(
      Array.from({ length: counts[i]! }, (_, bar) => {
        const signal = inventedSignal(tenantId, bar);
        const id = predictionId(tenantId, 'EURUSD', '1h', signal.barCloseTime, 'v1.0.0', userId);
        const own = { ...signal, predictionId: id, ...(userId === undefined ? {} : { userId }) };
        return { kind: 'signal' as const, sequence: ++sequence, signal: own };
      }),
    );
  const admin = new pg.Client(server.connection);
  await admin.connect();
  afterTest(t, async () => await admin.end());
  await ageOfPredictions(admin, '91 days');
  const moved = await archiveExpired(store.expired, features);
  assert.deepEqual([moved.predictions, moved.changed], [2_160, 0]);
  assert.deepEqual(await store.expired.stretches(), []);
  const count =
    'SELECT tenant_id, user_id, count() AS n FROM ml_predictions_history GROUP BY 1, 2 ORDER BY 1, 2';
  const all = await features.sql(count);
  assert.deepEqual(
    all.map((row) => [row['tenant_id'], row['user_id'], Number(row['n'])]),
    [
      ['acme', 'ann', 2_100],
      ['acme', 'o:d/d@é|1', 20],
      ['acme', null, 30],
      ['zen', 'ann', 10],
    ],
  );
  const ofAcme = await features.sql(count, 'acme');
  assert.deepEqual(
    ofAcme.map((row) => [row['tenant_id'], row['user_id'], Number(row['n'])]),
    [['acme', null, 30]],
  );
  assert.deepEqual(await features.sql(count, 'zen'), []);
});

test('an engine drops nothing while ClickHouse is away, and moves it when it is back', async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder);
  await engine.predictions.write(
    Array.from({ length: 50 }, (_, i) => ({
      kind: 'signal' as const,
      sequence: i,
      signal: inventedSignal('acme', i),
    })),
  );
  await engine.stop();
  const server = new EmbeddedPostgres(path.join(folder, 'postgres'));
  await server.start();
  const admin = new pg.Client(server.connection);
  await admin.connect();
  await ageOfPredictions(admin, '91 days');
  await admin.end();
  await server.stop();

  const log = new PassThrough({ encoding: 'utf8' });
  const without = await openEngine(
    t,
    folder,
    { clickhouse: { url: 'http://127.0.0.1:9' } },
    { waitForEvidence: true, log: pino(log) },
  );
  let said = '';
  log.on('data', (text: string) => (said += text));
  await eventually('it tries', () => said.includes('"what":"retention"'));
  const left = async (of: Engine): Promise<number> =>
    Number((await of.predictions.sql('SELECT count(*) AS n FROM ml_predictions', 'acme'))[0]!['n']);
  assert.equal(await left(without), 50);
  await without.stop();

  const back = await openEngine(t, folder);
  await eventually('they are gone there', async () => (await left(back)) === 0);
  const [found] = await back.features.sql('SELECT count(*) AS n FROM ml_predictions_history', 'acme');
  assert.equal(Number(found!['n']), 50);
  assert.deepEqual(await back.features.sql('SELECT * FROM ml_predictions_history', 'zen'), []);
});
