import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import pg from 'pg';
import { EmbeddedPostgres } from '../../engine/database/embedded-postgres.js';
import { applySchemas, schemaStatus } from '../../engine/database/schemas.js';
import { ClickHouseFeatureStore } from '../../engine/feature-store/clickhouse-feature-store.js';
import { EmbeddedClickHouse } from '../../engine/feature-store/embedded-clickhouse.js';
import { SuhoError } from '../../engine/errors.js';
import { UsearchPatternIndex } from '../../engine/patterns/usearch-pattern-index.js';
import { FolderArtifactStore } from '../../engine/registry/folder-artifact-store.js';
import assert from 'node:assert/strict';
import { afterTest } from '../support/cleanup.js';
import { artifactStoreContract, modelRegistryContract, patternIndexContract } from '../support/contracts.js';
import { featureStoreContract } from '../support/feature-store-contract.js';
import { predictionStoreContract, retentionContract } from '../support/prediction-contract.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { isolationContract } from '../support/isolation.js';
import { STORES_AWAY, eventually } from '../support/served.js';

test('the embedded PostgreSQL keeps predictions, trades and models, each tenant its own', async (t) => {
  const server = new EmbeddedPostgres(temporaryFolder(t));
  afterTest(t, () => server.stop());
  await server.start();
  const applied = await Promise.all(Array.from({ length: 3 }, () => applySchemas(server.connection)));
  assert.ok(applied.some((files) => files.length === 2));
  assert.deepEqual(await applySchemas(server.connection), [], 'applied once, there is nothing to do');
  assert.equal((await applySchemas(server.connection, true)).length, 2, 'and again does no harm');
  const status = await schemaStatus(server.connection);
  assert.ok(status.every(({ version, applied: found }) => version === found));
  await predictionStoreContract(server.connection);
  await modelRegistryContract(server.connection);
  await isolationContract(server.connection);
  await retentionContract(server.connection, server.connection);
});

test('a process with the embedded ClickHouse ends at once by a fatal error, and does not wait for its report', async (t) => {
  const module = new URL('../../engine/feature-store/embedded-clickhouse.js', import.meta.url).href;
  for (const signal of ['SIGABRT', 'SIGSEGV'] as const) {
    const program = `
      const { EmbeddedClickHouse } = await import(${JSON.stringify(module)});
      const { client } = new EmbeddedClickHouse(${JSON.stringify(temporaryFolder(t))});
      await client.command({ query: 'SELECT 1' });
      process.kill(process.pid, '${signal}');
      setInterval(() => undefined, 1_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' });
    // ClickHouse's own handler waits for 300 s.
    const tooLate = setTimeout(() => child.kill('SIGKILL'), 120_000);
    const ended = await new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)));
    clearTimeout(tooLate);
    assert.equal(ended, signal);
  }
});

test('TimescaleDB that is installed but not loaded makes a warning that says what to do, not a failure', async (t) => {
  const folder = temporaryFolder(t);
  const server = new EmbeddedPostgres(path.join(folder, 'postgres'));
  afterTest(t, () => server.stop());
  await server.start();
  // An extension of that name which ends the session that makes it, as TimescaleDB does when it is not loaded.
  const extensions = path.join(folder, 'share', 'extension');
  mkdirSync(extensions, { recursive: true });
  writeFileSync(path.join(extensions, 'timescaledb.control'), `default_version = '1'\n`);
  writeFileSync(
    path.join(extensions, 'timescaledb--1.sql'),
    'SELECT pg_terminate_backend(pg_backend_pid());\n',
  );
  const admin = new pg.Client(server.connection);
  await admin.connect();
  await admin.query(`ALTER SYSTEM SET extension_control_path = '${path.join(folder, 'share')}:$system'`);
  await admin.query('SELECT pg_reload_conf()');
  await admin.end();
  const warnings: string[] = [];
  const applied = await applySchemas(server.connection, false, (message) => warnings.push(message));
  assert.equal(applied.length, 2);
  assert.equal(warnings.length, 1, warnings.join('\n'));
  assert.match(warnings[0]!, /add timescaledb to shared_preload_libraries, restart PostgreSQL/);
  await predictionStoreContract(server.connection);

  // An engine that applies them itself says so in its log.
  const again = new pg.Client(server.connection);
  await again.connect();
  await again.query('CREATE DATABASE other');
  await again.end();
  const { user, password, port } = server.connection;
  const url = `postgresql://${user}:${String(password)}@127.0.0.1:${port}/other`;
  const log: string[] = [];
  const lines = pino({ level: 'warn' }, { write: (line: string) => void log.push(line) });
  const stores = { ...STORES_AWAY, postgres: { url, adminUrl: url } };
  await openEngine(t, path.join(folder, 'data'), { ...stores, drainSeconds: 0.1 }, { log: lines });
  await eventually('it is said', () => log.some((line) => line.includes('shared_preload_libraries')));
});

test('a database with tables of another program is refused with what to do, and left as it was', async (t) => {
  const server = new EmbeddedPostgres(temporaryFolder(t));
  afterTest(t, () => server.stop());
  await server.start();
  const admin = new pg.Client(server.connection);
  await admin.connect();
  const foreign = [
    'CREATE TABLE ml_predictions (id int)',
    'CREATE VIEW trade_results AS SELECT 1 AS a',
    'CREATE TABLE suho_schema_versions (a int)',
    'DROP SCHEMA public',
  ];
  for (const [i, statement] of foreign.entries()) {
    const connection = { ...server.connection, database: `other_${i}` };
    await admin.query(`CREATE DATABASE ${connection.database}`);
    const client = new pg.Client(connection);
    await client.connect();
    await client.query(statement);
    const relations = async (): Promise<unknown> =>
      (await client.query(`SELECT relname FROM pg_class WHERE relname ~ 'predict|trade' ORDER BY 1`)).rows;
    const before = await relations();
    await assert.rejects(
      applySchemas(connection),
      (error) =>
        error instanceof SuhoError &&
        error.code === 'STORE_UNAVAILABLE' &&
        /PostgreSQL answered: .*Give Suho a database without tables of other programs/.test(error.message),
      statement,
    );
    assert.deepEqual(await relations(), before, statement);
    await client.end();
  }
  await admin.end();
});

test('the embedded ClickHouse keeps features', async (t) => {
  const store = new ClickHouseFeatureStore(new EmbeddedClickHouse(temporaryFolder(t)));
  afterTest(t, () => store.close());
  await featureStoreContract(store);
});

test('the embedded pattern index finds similar moments', async () => {
  await patternIndexContract(new UsearchPatternIndex());
});

test('a folder keeps model files', async (t) => {
  await artifactStoreContract(new FolderArtifactStore(temporaryFolder(t)), 'file');
});
