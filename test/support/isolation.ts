import assert from 'node:assert/strict';
import pg from 'pg';
import { Database } from '../../engine/database/database.js';
import { PostgresPredictionStore } from '../../engine/prediction-store/postgres-prediction-store.js';
import { PostgresModelRegistry } from '../../engine/registry/postgres-model-registry.js';
import { inventedModel } from './contracts.js';
import { inventedSignal } from './prediction-contract.js';

/** Whatever can be asked of the engine's role, in whichever tenant's name. */
const TABLES = [
  'public.ml_predictions',
  'public.trade_results',
  'public.model_performance_timeseries',
  'public.predictions_hourly',
  'public.predictions_daily',
  'ml_registry.models',
  'ml_registry.training_jobs',
  'ml_registry.model_evaluations',
  'ml_registry.model_deployments',
  'ml_registry.model_audit',
  'ml_registry.model_alerts',
  'ml_registry.experiments',
];

type Row = pg.QueryResultRow;

/** Two tenants' predictions and models, and one model of the platform's. */
async function fillTwoTenants(connection: pg.PoolConfig): Promise<void> {
  const store = new PostgresPredictionStore(connection);
  const registry = new PostgresModelRegistry(connection);
  try {
    for (const tenant of ['iso-a', 'iso-b']) {
      await store.write([{ kind: 'signal', sequence: 1, signal: inventedSignal(tenant, 5_000) }]);
      const model = inventedModel(tenant, 'v1.0.0');
      await registry.register({ ...model, scores: [{ horizon: '1h' } as never] });
      await registry.promote(model);
    }
    await registry.register(inventedModel('platform', 'v1.0.0'));
  } finally {
    await store.close();
    await registry.close();
  }
}

/** The rows of a query in a tenant's name, and a user's, or in nobody's. */
async function ask(
  database: Database,
  query: string,
  tenantId?: string,
  userId?: string,
): Promise<readonly Row[]> {
  return await database.transaction(
    tenantId === undefined ? {} : { tenantId, userId },
    async (client) => (await client.query<Row>(query)).rows,
  );
}

/** A tenant reads its own rows and the platform's models; without a tenant there is nothing to read. */
async function assertReadsOwnRows(database: Database): Promise<void> {
  for (const table of TABLES) {
    for (const tenant of ['iso-a', 'iso-b']) {
      const rows = await ask(database, `SELECT DISTINCT tenant_id FROM ${table}`, tenant);
      for (const { tenant_id: owner } of rows)
        assert.ok(
          owner === tenant || (owner === null && table.startsWith('ml_registry')),
          `${table}: ${String(owner)}`,
        );
    }
    const unnamed = await ask(database, `SELECT tenant_id FROM ${table} WHERE tenant_id IS NOT NULL`);
    assert.deepEqual(unnamed, [], `${table} without a tenant`);
  }
  assert.equal((await ask(database, 'SELECT * FROM public.ml_predictions', 'iso-a')).length, 1);
  assert.equal(
    (await ask(database, 'SELECT * FROM ml_registry.models', 'iso-a')).length,
    2,
    'its own and the platform’s',
  );
}

/** A user's model is that user's alone, also within the tenant. */
async function assertUsersApart(database: Database): Promise<void> {
  const asUser = async (userId: string | undefined, query: string): Promise<readonly Row[]> =>
    await ask(database, query, 'iso-a', userId);
  await asUser(
    'ann',
    `INSERT INTO ml_registry.models (tenant_id, user_id, name, version, architecture, feature_set_version, artifact_uri, artifact_sha256)
     VALUES ('iso-a', 'ann', 'own', 'v1.0.0', 'a', 'f', 'u', '${'0'.repeat(64)}') ON CONFLICT DO NOTHING`,
  );
  const own = `SELECT user_id FROM ml_registry.models WHERE name = 'own'`;
  assert.equal((await asUser('ann', own)).length, 1);
  assert.equal((await asUser('bob', own)).length, 0);
  assert.equal((await asUser(undefined, own)).length, 0);
  await assert.rejects(
    asUser(
      'bob',
      `INSERT INTO ml_registry.experiments (tenant_id, user_id, name, arms) VALUES ('iso-a', 'ann', 'x', '{}')`,
    ),
    /violates/,
  );
}

/** Updates reach no row of another tenant or of the platform. */
async function assertChangesNothing(database: Database): Promise<void> {
  const changes = [
    `UPDATE public.ml_predictions SET confidence = 0 WHERE tenant_id = 'iso-b'`,
    `UPDATE ml_registry.models SET metrics = '{}' WHERE tenant_id = 'iso-b'`,
    `UPDATE ml_registry.models SET metrics = '{}' WHERE tenant_id IS NULL`,
    `UPDATE public.trade_results SET pnl_money = 0`,
  ];
  for (const change of changes) {
    // Some tiers refuse with an error what others find nothing to do for.
    const changed = await database
      .transaction({ tenantId: 'iso-a' }, async (client) => (await client.query(change)).rowCount)
      .catch(() => 0);
    assert.equal(changed, 0, change);
  }
  const [theirs] = await ask(database, 'SELECT confidence FROM public.ml_predictions', 'iso-b');
  assert.equal(theirs!['confidence'], 0.6, 'nothing of the other tenant changed');
}

/** Statements in another tenant's name, below the views, or beyond the role's rights are errors. */
async function assertRefused(database: Database, connection: pg.PoolConfig): Promise<void> {
  const refused = [
    // In another tenant's name.
    `INSERT INTO public.ml_predictions SELECT (jsonb_populate_record(p, '{"tenant_id":"iso-b"}')).* FROM public.ml_predictions p`,
    `UPDATE public.ml_predictions SET tenant_id = 'iso-b'`,
    `INSERT INTO ml_registry.experiments (tenant_id, name, arms) VALUES ('iso-b', 'x', '{}')`,
    `INSERT INTO ml_registry.experiments (name, arms) VALUES ('x', '{}')`,
    // Below the views.
    `SELECT * FROM suho_private.ml_predictions`,
    `SELECT * FROM suho_private.predictions_hourly`,
    `SELECT * FROM suho_private.api_keys`,
    `DELETE FROM public.ml_predictions`,
    `DELETE FROM ml_registry.models`,
    `DELETE FROM ml_registry.model_audit`,
    `UPDATE ml_registry.model_audit SET reason = ''`,
    `TRUNCATE public.ml_predictions`,
    `ALTER TABLE ml_registry.models DISABLE ROW LEVEL SECURITY`,
    `SET ROLE suho_owner`,
  ];
  for (const statement of refused) {
    if (statement === 'SET ROLE suho_owner' && (await isSuperuser(connection))) continue;
    await assert.rejects(
      ask(database, statement, 'iso-a'),
      /permission denied|violates|must be owner|is not a table/,
      statement,
    );
  }
}

/** Partitions and chunks cannot be read by their own names. */
async function assertPartitionsClosed(database: Database): Promise<void> {
  const parts = await database.asLogin(
    async (client) =>
      (
        await client.query<{ name: string }>(
          `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind = 'r' AND ((n.nspname = '_timescaledb_internal' AND c.relname LIKE '\\_hyper\\_%') OR (n.nspname = 'suho_private' AND c.relispartition))`,
        )
      ).rows,
  );
  assert.ok(parts.length > 0, 'there are partitions to try');
  for (const { name } of parts.slice(0, 40))
    await assert.rejects(ask(database, `SELECT * FROM ${name}`, 'iso-a'), /permission denied/, name);
}

/**
 * Tries to read and write another tenant's rows in every table, view, partition and chunk, as the engine's role in a
 * tenant's name, without any name, and on a pooled connection another tenant used before; and fails to.
 */
export async function isolationContract(connection: pg.PoolConfig): Promise<void> {
  await fillTwoTenants(connection);
  // One connection only, so that every transaction comes after another tenant's on it.
  const database = new Database({ ...connection, max: 1 });
  try {
    await assertReadsOwnRows(database);
    await assertUsersApart(database);
    await assertChangesNothing(database);
    await assertRefused(database, connection);
    await assertPartitionsClosed(database);
  } finally {
    await database.close();
  }
}

async function isSuperuser(connection: pg.PoolConfig): Promise<boolean> {
  const client = new pg.Client(connection as pg.ClientConfig);
  await client.connect();
  try {
    const { rows } = await client.query<{ rolsuper: boolean }>(
      'SELECT rolsuper FROM pg_roles WHERE rolname = session_user',
    );
    return rows[0]!.rolsuper;
  } finally {
    await client.end();
  }
}
