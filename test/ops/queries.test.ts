import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { TestClient, codeOf, serve } from '../support/served.js';

const bars = inventedBars(2_500, { seed: 3 });
const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const tenants = [
  { id: 'acme', apiKeySha256: [hash('key-a')] },
  { id: 'zen', apiKeySha256: [{ sha256: hash('key-e'), role: 'engineer' as const }] },
];

test('an operator queries and exports the stores of a running engine; what is read is what a stopped one gives', async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder, { tenants });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  for (let i = 0; i < bars.length; i += 500) await client.publish(bars.slice(i, i + 500), 'key-a');
  await engine.settled();
  await engine.stored();
  process.env['SUHO_API_KEY'] = 'key-a';
  afterTest(t, () => void delete process.env['SUHO_API_KEY']);
  const address = ['--address', `127.0.0.1:${port}`, '--data', folder];
  const count = 'SELECT symbol, count() AS n FROM ml_features GROUP BY symbol';
  const live = await runCommand(['sql', 'features', count, '--json', ...address]);
  assert.equal(live.code, 0, live.stderr);
  assert.deepEqual(JSON.parse(live.stdout), [{ symbol: 'EURUSD', n: bars.length }]);
  const writes = await runCommand(['sql', 'features', 'DROP TABLE ml_features', ...address]);
  assert.equal(writes.code, 2);
  assert.match(writes.stderr, /is not a query/);
  const misspelt = await runCommand(['sql', 'features', 'SELECT nonsense FROM', ...address]);
  assert.match(misspelt.stderr, /ClickHouse answered: Syntax error: failed at position 21/);
  assert.doesNotMatch(misspelt.stderr, /In scope|formatQuery/, 'the checks of the query are not shown');

  const query = async (request: object, key = 'key-a'): Promise<{ rows: string[]; truncated: boolean }> =>
    await client.call('OperatorService', 'QueryStore', request, key);
  const sql = 'SELECT bar_open_time FROM ml_features ORDER BY bar_open_time';
  const store = 'QUERIED_STORE_FEATURES';
  const some = await query({ store, sql, rows_max: 7 });
  assert.deepEqual([some.rows.length, some.truncated], [7, true]);
  const none = await query({ store, sql, rows_max: 7, tenant_id: 'zen' });
  assert.deepEqual([none.rows.length, none.truncated], [0, false]);
  assert.equal(await codeOf(query({ store, sql }, 'key-e')), 'PERMISSION_DENIED');
  const predictions = 'QUERIED_STORE_PREDICTIONS';
  const series = await query({
    store: predictions,
    sql: 'SELECT generate_series(1, 100000) AS x',
    rows_max: 5,
  });
  assert.deepEqual([series.rows, series.truncated], [[1, 2, 3, 4, 5].map((x) => `{"x":${x}}`), true]);
  for (const forbidden of [
    'CREATE TABLE x (y int)',
    "SELECT pg_read_file('/etc/passwd')",
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity',
    "COPY (SELECT 1) TO PROGRAM 'true'",
  ])
    assert.equal(
      await codeOf(query({ store: predictions, sql: forbidden })).then((code) =>
        // Ending the sessions of others is no error for one who sees none of them.
        code === 'OK' && forbidden.includes('terminate') ? 'INVALID_ARGUMENT' : code,
      ),
      'INVALID_ARGUMENT',
      forbidden,
    );
  assert.equal(engine.state, 'serving');

  const exported = async (name: string): Promise<string> => {
    const out = path.join(folder, name);
    const whose = '--symbol EURUSD --timeframe 1h --tenant acme --feed published';
    const words = `features export --from-store ${whose} --format csv --labels --out ${out}`.split(' ');
    const { code, stderr } = await runCommand([...words, ...address]);
    assert.equal(code, 0, stderr);
    return readFileSync(out, 'utf8');
  };
  const running = await exported('running.csv');
  assert.equal(running.split('\n').length, bars.length + 2);
  client.close();
  await engine.stop();
  assert.equal(await exported('stopped.csv'), running);
});
