import assert from 'node:assert/strict';
import path from 'node:path';
import type { TestContext } from 'node:test';
import pg from 'pg';
import type { ConfigInput } from '../../engine/config.js';
import { EmbeddedPostgres } from '../../engine/database/embedded-postgres.js';
import { applySchemas } from '../../engine/database/schemas.js';
import { afterTest } from './cleanup.js';
import { S3Front } from './s3-front.js';
import { startServer } from './servers.js';

/** One entry of the audit, oldest first. */
export interface AuditEntry {
  readonly version: string;
  readonly from_status: string | null;
  readonly to_status: string;
  readonly traffic: number | null;
  readonly actor: string;
  readonly reason: string | null;
}

/** The stores that several engines share: PostgreSQL, ClickHouse, a place of model files. */
export interface SharedRegistry {
  /** What an engine's configuration says of them. */
  readonly config: ConfigInput;
  /** Asks the database as its administrator, whatever the rows belong to. */
  query<R extends object>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  audit(): Promise<AuditEntry[]>;
}

/** Starts a real PostgreSQL with the schemas, a ClickHouse and a place of model files, ended with the test. */
export async function sharedRegistry(t: TestContext, folder: string): Promise<SharedRegistry> {
  const server = new EmbeddedPostgres(path.join(folder, 'postgres'));
  await server.start();
  afterTest(t, async () => await server.stop());
  await applySchemas(server.connection, false, () => undefined);
  const client = new pg.Client(server.connection);
  await client.connect();
  afterTest(t, async () => await client.end());
  const front = await S3Front.start(t);
  const clickhouse = (await startServer(t, 'clickhouse'))!;
  const { user, password, port } = server.connection;
  const query = async <R extends object>(sql: string, values: readonly unknown[] = []): Promise<R[]> =>
    (await client.query<R>(sql, [...values])).rows;
  return {
    config: {
      postgres: { url: `postgresql://${user}:${String(password)}@127.0.0.1:${port}/postgres` },
      clickhouse: {
        url: `http://127.0.0.1:${clickhouse.port}`,
        username: 'suho',
        password: 'clickhouse-secret',
      },
      artifacts: {
        uri: 's3://models/shared',
        endpoint: front.endpoint,
        accessKeyId: 'test',
        secretAccessKey: 'test',
      },
    },
    query,
    audit: async () =>
      await query<AuditEntry>(
        `SELECT version, from_status, to_status, traffic, actor, reason FROM ml_registry.model_audit ORDER BY audit_id`,
      ),
  };
}

/** Checks that every version's entries are a chain that ends in the status it has, and none is missing. */
export async function checkAudit(shared: SharedRegistry): Promise<void> {
  const audit = await shared.audit();
  const last = new Map<string, string>();
  let [registered, deployed] = [0, 0];
  for (const { version, from_status, to_status } of audit) {
    assert.equal(from_status ?? undefined, last.get(version), `${version} to ${to_status}`);
    last.set(version, to_status);
    if (from_status === null) registered++;
    else deployed++;
  }
  const models = await shared.query<{ version: string; status: string }>(
    'SELECT version, status FROM ml_registry.models',
  );
  assert.deepEqual(Object.fromEntries(models.map((m) => [m.version, m.status])), Object.fromEntries(last));
  assert.equal(registered, models.length);
  const [count] = await shared.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM ml_registry.model_deployments',
  );
  assert.equal(count!.n, deployed);
  const held = (status: string): number => models.filter((model) => model.status === status).length;
  assert.ok(held('production') <= 1 && held('canary') <= 1 && held('shadow') <= 4);
}
