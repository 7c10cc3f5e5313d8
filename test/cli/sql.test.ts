import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { Database } from '../../engine/database/database.js';
import { EmbeddedPostgres } from '../../engine/database/embedded-postgres.js';
import { readerOf } from '../../engine/database/reader.js';
import { applySchemas } from '../../engine/database/schemas.js';
import { SuhoError } from '../../engine/errors.js';
import { ClickHouseFeatureStore } from '../../engine/feature-store/clickhouse-feature-store.js';
import { EmbeddedClickHouse } from '../../engine/feature-store/embedded-clickhouse.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { registerModel } from '../support/rollout.js';

/** Runs each statement and wants it refused in one SuhoError; some may answer, but then without what is secret. */
async function refuseAll(
  statements: readonly string[],
  ask: (statement: string) => Promise<readonly Record<string, unknown>[]>,
): Promise<void> {
  for (const statement of statements) {
    await assert.rejects(
      ask(statement),
      (error) => error instanceof SuhoError && error.code === 'BAD_INPUT',
      statement,
    );
  }
}

test('no query of features changes, writes or reads anything but the tables', async (t) => {
  const folder = temporaryFolder(t);
  const transport = new EmbeddedClickHouse(folder);
  const store = new ClickHouseFeatureStore(transport);
  afterTest(t, () => store.close());
  await store.prepare();
  await transport.client.command({
    query: `INSERT INTO aggregates (tenant_id, symbol) VALUES ('acme', 'A'), ('zen', 'Z')`,
  });
  await transport.client.command({ query: `INSERT INTO replacements (tenant_id) VALUES ('acme'), ('zen')` });
  const out = path.join(folder, 'out');
  const hostile = [
    'DROP TABLE aggregates',
    'DROP DATABASE default',
    'TRUNCATE TABLE aggregates',
    'DELETE FROM aggregates WHERE 1',
    'ALTER TABLE aggregates DELETE WHERE 1',
    `INSERT INTO aggregates (symbol) VALUES ('x')`,
    `INSERT INTO FUNCTION file('${out}', 'CSV', 'x Int32') SELECT 1`,
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP TABLE aggregates',
    'SELECT 1;; DROP TABLE aggregates --',
    'SET readonly = 0',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT * FROM (SELECT 1 SETTINGS readonly = 0)',
    `SELECT 1 INTO OUTFILE '${out}'`,
    `SELECT 1 /* */ INTO /* x */ OUTFILE '${out}' FORMAT CSV`,
    'SELECT 1 FORMAT CSV',
    `SELECT file('/etc/passwd')`,
    "SELECT `file`('/etc/passwd')",
    `SELECT * FROM file('/etc/passwd', 'LineAsString', 'x String')`,
    'SELECT * FROM `/etc/passwd`',
    `DESCRIBE file('/etc/passwd')`,
    `SELECT 1 IN (SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'x Int32'))`,
    `SELECT * FROM s3('http://127.0.0.1:1/bucket/x', 'CSV', 'x Int32')`,
    `SELECT * FROM sqlite('${out}', 't')`,
    `SELECT * FROM executable('id', 'CSV', 'x String')`,
    `SELECT * FROM remote('127.0.0.1', 'system', 'one')`,
    'CREATE TABLE t (x Int32) ENGINE = Memory',
    'CREATE TEMPORARY TABLE t (x Int32)',
    'CREATE FUNCTION f AS (x) -> x',
    'OPTIMIZE TABLE aggregates FINAL',
    'KILL QUERY WHERE 1',
    'SYSTEM SHUTDOWN',
    'USE system',
    `BACKUP TABLE aggregates TO File('${out}')`,
    'CHECK TABLE aggregates',
    'RENAME TABLE aggregates TO gone',
    '',
    ' -- nothing',
    'SELECT',
    `SELECT 1) INTO OUTFILE '${out}' -- `,
  ];
  await refuseAll(hostile, async (statement) => await store.sql(statement));
  const all = await store.sql('SELECT tenant_id FROM aggregates ORDER BY 1; -- all');
  assert.deepEqual(all, [{ tenant_id: 'acme' }, { tenant_id: 'zen' }]);
  assert.deepEqual(readdirSync(folder).sort(), ['clickhouse', 'segments']);
  assert.ok((await store.sql('EXPLAIN SELECT 1')).length > 0);
  assert.equal((await store.sql('SHOW TABLES')).length, 4);

  const tenant = [
    'SELECT * FROM default.aggregates',
    'SELECT * FROM `default`.`aggregates`',
    `SELECT * FROM merge('default', 'aggregates')`,
    `SELECT * FROM mergeTreeIndex('default', 'aggregates')`,
    'SELECT * FROM system.parts',
    'SELECT * FROM INFORMATION_SCHEMA.tables',
    'SHOW TABLES',
    'SELECT tenant_id FROM view(SELECT tenant_id FROM aggregates)',
    'SELECT 1) UNION ALL (SELECT tenant_id FROM default.aggregates',
    'SELECT 1), x AS (SELECT 1',
    ...hostile,
  ];
  await refuseAll(tenant, async (statement) => await store.sql(statement, 'acme'));
  const own = [
    'SELECT tenant_id FROM aggregates',
    'SELECT tenant_id FROM replacements',
    'SELECT q.tenant_id AS tenant_id FROM aggregates AS q',
    'WITH a AS (SELECT * FROM aggregates) SELECT tenant_id FROM a',
    'SELECT tenant_id FROM (SELECT tenant_id FROM aggregates UNION DISTINCT SELECT tenant_id FROM aggregates)',
    'SELECT max(tenant_id) AS tenant_id FROM aggregates',
    'SELECT b.tenant_id AS tenant_id FROM aggregates AS a CROSS JOIN aggregates AS b',
  ];
  for (const query of own) assert.deepEqual(await store.sql(query, 'acme'), [{ tenant_id: 'acme' }], query);
  for (const query of own) assert.equal((await store.sql(query, 'zen')).length, 1, query);
  const [inside] = await store.sql(`SELECT 'zen' IN (SELECT tenant_id FROM aggregates) AS seen`, 'acme');
  assert.equal(Number(inside!['seen']), 0);
});

test('no query of predictions changes, writes or reads anything but the tables', async (t) => {
  const folder = temporaryFolder(t);
  const server = new EmbeddedPostgres(path.join(folder, 'postgres'));
  afterTest(t, () => server.stop());
  await server.start();
  await applySchemas(server.connection);
  const admin = new pg.Client(server.connection);
  await admin.connect();
  afterTest(t, () => admin.end());
  for (const tenant of ['acme', 'zen'])
    await admin
      .query(
        `INSERT INTO suho_private.model_performance_timeseries (bucket, tenant_id, symbol, timeframe, model_version, arm, horizon, predictions, resolved, correct)
       VALUES (date_trunc('month', now()), $1, 'A', '1h', '1', 'production', '1h', 1, 1, 1)`,
        [tenant],
      )
      .catch(async () => {
        await admin.query(`SELECT public.suho_make_partitions('model_performance_timeseries', ARRAY[now()])`);
        await admin.query(
          `INSERT INTO suho_private.model_performance_timeseries (bucket, tenant_id, symbol, timeframe, model_version, arm, horizon, predictions, resolved, correct)
         VALUES (date_trunc('month', now()), $1, 'A', '1h', '1', 'production', '1h', 1, 1, 1)`,
          [tenant],
        );
      });
  const contents = async (): Promise<unknown> =>
    (
      await admin.query(
        `SELECT (SELECT count(*) FROM suho_private.model_performance_timeseries) AS rows,
                (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace::regnamespace::text NOT LIKE 'pg_%') AS relations,
                (SELECT string_agg(rolname || rolsuper, ' ' ORDER BY rolname) FROM pg_roles) AS roles`,
      )
    ).rows;
  const out = path.join(folder, 'out');
  const hostile = [
    'DROP TABLE suho_private.ml_predictions CASCADE',
    'DROP SCHEMA suho_private CASCADE',
    'DELETE FROM model_performance_timeseries',
    'TRUNCATE suho_private.model_performance_timeseries',
    `UPDATE model_performance_timeseries SET symbol = 'B'`,
    'WITH gone AS (DELETE FROM model_performance_timeseries RETURNING *) SELECT * FROM gone',
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP SCHEMA suho_private CASCADE',
    'COMMIT; DROP SCHEMA suho_private CASCADE',
    'COMMIT',
    'ROLLBACK',
    'SET TRANSACTION READ WRITE',
    'SET default_transaction_read_only = off',
    'RESET ROLE',
    'SET SESSION AUTHORIZATION suho',
    `COPY (SELECT 1) TO PROGRAM 'touch ${out}'`,
    `COPY (SELECT 1) TO '${out}'`,
    `SELECT pg_read_file('/etc/passwd')`,
    `SELECT lo_export(1, '${out}')`,
    `SELECT lo_create(0)`,
    `DO $$ BEGIN EXECUTE 'DROP SCHEMA suho_private CASCADE'; END $$`,
    'CREATE TABLE t (x int)',
    'CREATE TEMP TABLE t (x int)',
    'SELECT 1 INTO t',
    `ALTER SYSTEM SET log_min_messages = 'panic'`,
    'CREATE ROLE evil SUPERUSER',
    'VACUUM',
    'CHECKPOINT',
    'LOCK TABLE suho_private.ml_predictions',
    'SELECT * FROM model_performance_timeseries FOR UPDATE',
    'LISTEN suho_keys',
    `SELECT set_config('suho.tenant_id', 'zen', true) UNION ALL SELECT tenant_id FROM public.model_performance_timeseries`,
    `SELECT set_config('role', 'none', true), query_to_xml('SELECT pg_read_file(''/etc/passwd'')', true, true, '')`,
    `SELECT query_to_xml('SET LOCAL suho.tenant_id = ''zen''', true, true, '')`,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'suho'",
    'SELECT pg_reload_conf()',
    '',
    'SELECT',
    'nonsense',
  ].filter((statement) => statement !== 'SELECT');
  const everything = new Database(await readerOf(server.connection, false));
  afterTest(t, () => everything.close());
  const own = new Database(await readerOf(server.connection, true));
  afterTest(t, () => own.close());
  const before = await contents();
  await refuseAll(hostile, async (statement) => await everything.ask(statement));
  await refuseAll(hostile, async (statement) => await own.ask(statement, 'acme'));
  // The engine's own connection is a superuser's: read-only all the same.
  const asAdministrator = new Database(server.connection);
  afterTest(t, () => asAdministrator.close());
  await refuseAll(
    hostile.filter((statement) => !/^SELECT (pg_|set_config)|query_to_xml|FOR UPDATE/.test(statement)),
    async (statement) => await asAdministrator.ask(statement),
  );
  assert.deepEqual(await contents(), before);
  assert.equal(existsSync(out), false);
  assert.equal((await everything.ask('SELECT tenant_id FROM model_performance_timeseries')).length, 2);
  assert.deepEqual(await own.ask('SELECT tenant_id FROM model_performance_timeseries;', 'acme'), [
    { tenant_id: 'acme' },
  ]);
  await refuseAll(
    ['SELECT * FROM suho_private.model_performance_timeseries'],
    async (s) => await own.ask(s, 'acme'),
  );
});

test('the command answers a hostile statement with one sentence, on a running engine too', async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder);
  const ask = async (store: string, ...args: string[]) =>
    await runCommand(['sql', store, ...args, '--data', folder]);
  for (const statement of ['DROP TABLE ml_predictions', 'SELECT 1; SELECT 2', 'COMMIT']) {
    const { code, stdout, stderr } = await ask('predictions', statement);
    assert.deepEqual([code, stdout, stderr.trim().split('\n').length], [2, '', 1], stderr);
  }
  assert.equal(
    (await ask('predictions', 'SELECT count(*) FROM ml_predictions', '--json')).stdout,
    '[{"count":0}]\n',
  );
  assert.equal(
    (await ask('predictions', 'SELECT 1 AS x', '--tenant', 'acme', '--json')).stdout,
    '[{"x":1}]\n',
  );
  // The engine goes on as it was: it stores signals, and acts on models.
  await engine.predictions.write([{ kind: 'signal', sequence: 1, signal: inventedSignal('acme', 10) }]);
  assert.equal(
    (await ask('predictions', 'SELECT tenant_id FROM ml_predictions', '--json')).stdout,
    '[{"tenant_id":"acme"}]\n',
  );
  await engine.registry.promote(await registerModel(engine));
  await engine.stop();
  for (const statement of ['DROP TABLE ml_features', 'SELECT 1; SELECT 2', `SELECT file('/etc/passwd')`]) {
    const { code, stdout, stderr } = await ask('features', statement);
    assert.deepEqual([code, stdout, stderr.trim().split('\n').length], [2, '', 1], stderr);
  }
});
