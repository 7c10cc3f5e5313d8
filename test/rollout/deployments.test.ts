import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { EmbeddedPostgres } from '../../engine/database/embedded-postgres.js';
import { applySchemas } from '../../engine/database/schemas.js';
import { SuhoError } from '../../engine/errors.js';
import type { ModelAct } from '../../engine/registry/model-registry.js';
import { PostgresDeployments } from '../../engine/registry/postgres-deployments.js';
import { PostgresModelRegistry } from '../../engine/registry/postgres-model-registry.js';
import { afterTest } from '../support/cleanup.js';
import { inventedModel } from '../support/contracts.js';
import { temporaryFolder } from '../support/engine.js';

const AUTHOR = { who: 'ann', role: 'engineer', reason: 'a test' };
const MANUAL = { kind: 'manual' } as const;

async function postgres(t: TestContext): Promise<pg.ClientConfig> {
  const server = new EmbeddedPostgres(temporaryFolder(t));
  afterTest(t, () => server.stop());
  await server.start();
  return server.connection;
}

async function asLogin<T>(connection: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function schemaOfVersion1(file: string): string {
  const url = new URL(`../../../test/data/schemas/${file}_version_1.sql.gz`, import.meta.url);
  return gunzipSync(readFileSync(url)).toString();
}

test('a database of the version before is taken over: its models keep their states, its predictions their signals', async (t) => {
  const connection = await postgres(t);
  await asLogin(connection, async (client) => {
    await client.query(schemaOfVersion1('02'));
    await client.query(schemaOfVersion1('03'));
    for (const [name, steps] of [
      ['market/EURUSD/1h', ['validated', 'staging', 'canary', 'production']],
      ['market/GBPUSD/1h', ['validated', 'staging', 'canary']],
    ] as const) {
      await client.query(
        `INSERT INTO ml_registry.models (tenant_id, name, version, architecture, feature_set_version, artifact_uri, artifact_sha256,
           encoder_uri, encoder_sha256, serving)
         VALUES ('acme', $1, 'v1.0.0', 'a', 'f', 'u', $2, 'u', $2, '{"trainedThrough": 5}')`,
        [name, '0'.repeat(64)],
      );
      for (const step of steps)
        await client.query('UPDATE ml_registry.models SET status = $2 WHERE name = $1', [name, step]);
    }
    await client.query(`SELECT suho_make_partitions('ml_predictions', ARRAY[timestamptz '2024-01-01'])`);
    const columns = `prediction_id, tenant_id, symbol, timeframe, bar_close_time, price, model_id, model_version, arm, direction,
      confidence, primary_horizon, abstained, degraded, anomaly, quality_score, quality_flags, down_1h, flat_1h, up_1h, down_4h,
      flat_4h, up_4h, down_1d, flat_1d, up_1d, expected_return_1h, expected_return_4h, expected_return_1d, predicted_1h,
      predicted_4h, predicted_1d`;
    await client.query(
      `INSERT INTO suho_private.ml_predictions (${columns}) VALUES (gen_random_uuid(), 'acme', 'EURUSD', '1h', '2024-01-02', 1, 'm',
        'v1.0.0', 'production', 'LONG', 0.5, '1h', '{}', '{}', 0, 1, 0, 0,0,1, 0,0,1, 0,0,1, 0,0,0, 1,1,1)`,
    );
  });
  assert.equal((await applySchemas(connection)).length, 2);
  assert.deepEqual(await applySchemas(connection), []);
  const deployments = new PostgresDeployments(connection);
  afterTest(t, async () => await deployments.close());
  const models = await deployments.visible({ tenantId: 'acme' });
  assert.deepEqual(
    models.map(({ symbol, status, traffic }) => [symbol, status, traffic]),
    [
      ['EURUSD', 'production', undefined],
      ['GBPUSD', 'canary', 0.1],
    ],
  );
  const series = { ...models[1]!, tenantId: 'acme' };
  await deployments.act({ series, version: 'v1.0.0' }, { kind: 'promote' }, AUTHOR);
  const [newest] = await deployments.history(series, undefined, 1);
  assert.deepEqual(
    [newest!.from, newest!.to, newest!.who, newest!.reason],
    ['canary', 'production', 'ann', 'a test'],
  );
  const served = await asLogin(
    connection,
    async (client) => (await client.query('SELECT served, spread FROM suho_private.ml_predictions')).rows,
  );
  assert.deepEqual(served, [{ served: true, spread: null }]);
});

test('the audit of models is only added to, whoever asks, and holds every act with its author', async (t) => {
  const connection = await postgres(t);
  await applySchemas(connection);
  const registry = new PostgresModelRegistry(connection);
  const deployments = new PostgresDeployments(connection);
  afterTest(t, async () => await Promise.all([registry.close(), deployments.close()]));
  const model = inventedModel('acme', 'v1.0.0');
  await registry.register(model);
  const target = { series: model, version: 'v1.0.0' };
  const acts: ModelAct[] = [
    { kind: 'shadow', trial: MANUAL },
    { kind: 'canary', share: 0.1, trial: MANUAL },
    { kind: 'canary', share: 0.5, trial: MANUAL },
    { kind: 'withdraw' },
    { kind: 'archive' },
  ];
  for (const act of acts) await deployments.act(target, act, AUTHOR);
  const history = await deployments.history(model, 'v1.0.0', 100);
  assert.deepEqual(history.map(({ to, share }) => (share === undefined ? to : `${to} ${share}`)).reverse(), [
    'draft',
    'validated',
    'staging',
    'shadow',
    'canary 0.1',
    'canary 0.5',
    'staging',
    'archived',
  ]);
  assert.ok(
    history
      .slice(0, 6)
      .every(({ who, role, reason }) => `${who} ${role} ${reason}` === 'ann engineer a test'),
  );
  await asLogin(connection, async (client) => {
    for (const statement of [
      `UPDATE ml_registry.model_audit SET reason = 'another'`,
      'DELETE FROM ml_registry.model_audit',
      'TRUNCATE ml_registry.model_audit',
    ])
      await assert.rejects(client.query(statement), /only added to/, statement);
  });
  for (const act of [{ kind: 'promote' }, { kind: 'shadow', trial: MANUAL }, { kind: 'withdraw' }] as const)
    await assert.rejects(
      deployments.act(target, act, AUTHOR),
      (error) => error instanceof SuhoError && error.code === 'BAD_INPUT' && /archived/.test(error.message),
    );
});

test('two engines that act on one registry leave one production, one canary, four shadows, and every act on the record', async (t) => {
  const connection = await postgres(t);
  await applySchemas(connection);
  const registry = new PostgresModelRegistry(connection);
  const engines = [new PostgresDeployments(connection), new PostgresDeployments(connection)];
  afterTest(t, async () => await Promise.all([registry.close(), ...engines.map((each) => each.close())]));
  const versions = Array.from({ length: 12 }, (_, i) => `v1.0.${i}`);
  for (const version of versions)
    await registry.register(inventedModel('acme', version, version === 'v1.0.0' ? undefined : 'v1.0.0'));
  const series = inventedModel('acme', 'v1.0.0');
  const race = async (acts: readonly (readonly [version: string, ModelAct])[]): Promise<number> => {
    const done = await Promise.allSettled(
      acts.map(async ([version, act], i) => await engines[i % 2]!.act({ series, version }, act, AUTHOR)),
    );
    for (const each of done)
      if (each.status === 'rejected') assert.ok(each.reason instanceof SuhoError, String(each.reason));
    return done.filter(({ status }) => status === 'fulfilled').length;
  };
  assert.equal(await race(versions.slice(0, 4).map((version) => [version, { kind: 'promote' }])), 4);
  const canary = { kind: 'canary', share: 0.1, trial: MANUAL } as const;
  assert.equal(await race(versions.slice(4, 6).map((version) => [version, canary])), 1);
  const shadow = { kind: 'shadow', trial: MANUAL } as const;
  assert.equal(await race(versions.slice(6, 12).map((version) => [version, shadow])), 4);
  const now = await engines[0]!.visible({ tenantId: 'acme' });
  const count = (status: string): number => now.filter((model) => model.status === status).length;
  assert.deepEqual([count('production'), count('canary'), count('shadow')], [1, 1, 4]);
  // Both saw the canary at a tenth and move it on: one does.
  const seen = now.find(({ status }) => status === 'canary')!;
  const moved = await Promise.all(
    engines.map(
      async (engine) =>
        await engine.act({ series, version: seen.version }, { ...canary, share: 0.5 }, AUTHOR, {
          model: seen,
        }),
    ),
  );
  assert.equal(moved.filter((model) => model !== undefined).length, 1);
  // Of each model the record leads without a gap to where it is.
  for (const { version, status } of now.map((model) =>
    model === seen ? { ...model, traffic: 0.5 } : model,
  )) {
    const history = (await engines[1]!.history(series, version, 100)).reverse();
    history.forEach(({ from }, i) => assert.equal(from, history[i - 1]?.to, version));
    assert.equal(history.at(-1)!.to, status);
  }
});
