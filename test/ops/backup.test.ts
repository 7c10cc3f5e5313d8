import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Engine } from '../../engine/engine.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { STORES_AWAY, TestClient, serve } from '../support/served.js';

const HOUR = 3_600_000;
const TRAINED = 1_000;
const bars = inventedBars(1_500, { momentum: 0.7, seed: 17 });
const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const tenants = [{ id: 'acme', apiKeySha256: [hash('key-a')] }];

/** What the stores hold: predictions with their outcomes, and features with their labels, each row once. */
async function stored(engine: Engine): Promise<readonly unknown[]> {
  await engine.settled();
  await engine.stored();
  return [
    await engine.predictions.sql(
      `SELECT prediction_id, direction, confidence, price, actual_1h, return_1h, actual_4h FROM ml_predictions ORDER BY bar_close_time`,
      'acme',
    ),
    await engine.features.sql(
      `SELECT count() AS n, groupBitXor(cityHash64(bar_open_time, rsi_14, atr_14, sma_20, label_direction_1h, label_return_4h)) AS sum FROM ml_features`,
    ),
    await engine.features.sql(
      `SELECT count() AS n, groupBitXor(cityHash64(bar_open_time, bar_close, bar_volume)) AS sum FROM aggregates`,
    ),
  ];
}

test('a backup under load, restored, continues to the same features, predictions and outcomes as the engine it was made of', async (t) => {
  const folder = temporaryFolder(t);
  const backups = temporaryFolder(t);
  process.env['SUHO_API_KEY'] = 'key-a';
  afterTest(t, () => void delete process.env['SUHO_API_KEY']);
  const engine = await openEngine(t, folder, { tenants, backup: { folder: backups } });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  for (let i = 0; i < TRAINED; i += 250) await client.publish(bars.slice(i, i + 250), 'key-a');
  await engine.settled();
  await engine.training.train('acme@published/EURUSD/1h', bars[TRAINED - 1]!.openTime + HOUR);
  for (let i = TRAINED; i < 1_100; i += 10) await client.publish(bars.slice(i, i + 10), 'key-a');

  let published = 1_100;
  const backedUp = new AbortController();
  const load = (async () => {
    // Bar by bar, for as long as the backup takes.
    while (!backedUp.signal.aborted && published < 1_400) {
      await client.publish(bars.slice(published, published + 1), 'key-a');
      published++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const before = published;
  const { code, stdout, stderr } = await runCommand([
    'backup',
    'under-load',
    '--json',
    '--address',
    `127.0.0.1:${port}`,
  ]);
  backedUp.abort();
  await load;
  assert.equal(code, 0, stderr);
  const made = JSON.parse(stdout) as { folder: string; files: number; bytes: number };
  assert.equal(made.folder, path.join(backups, 'under-load'));
  assert.ok(published > before, 'bars were taken meanwhile');
  const again = await runCommand(['backup', 'under-load', '--address', `127.0.0.1:${port}`]);
  assert.equal(again.code, 2, again.stdout);
  assert.match(again.stderr, /choose another name/);
  await client.publish(bars.slice(published), 'key-a');
  const whole = await stored(engine);
  client.close();
  await engine.stop();

  const restored = path.join(temporaryFolder(t), 'data');
  const restore = await runCommand(['restore', made.folder, '--data', restored]);
  assert.equal(restore.code, 0, restore.stderr);
  assert.equal(statSync(restored).mode & 0o077, 0, 'the folder is its owner’s alone');
  const next = await openEngine(t, restored, { tenants });
  const found = [...next.instruments.all()][0]!;
  const has = next.instruments.barsOf(found.base);
  assert.ok(has >= before && has <= published, `${has} bars; ${before} were acknowledged before it began`);
  const { port: nextPort } = await serve(t, next);
  const other = new TestClient(nextPort);
  afterTest(t, () => other.close());
  let duplicates = 0;
  for (let i = TRAINED; i < bars.length; i += 100)
    duplicates += (await other.publish(bars.slice(i, i + 100), 'key-a')).duplicates;
  assert.equal(duplicates, has - TRAINED);
  assert.deepEqual(await stored(next), whole);
});

test('a damaged backup and a folder with something in it are refused', async (t) => {
  const root = temporaryFolder(t);
  const backup = path.join(root, 'backup');
  mkdirSync(backup);
  const file = path.join(backup, 'suho.json');
  writeFileSync(file, '{"format":5}\n');
  const listed = { path: 'suho.json', bytes: 13, sha256: hash('{"format":5}\n') };
  writeFileSync(
    path.join(backup, 'backup.json'),
    JSON.stringify({ version: '0.1.0', time: 1, files: [listed] }),
  );
  const target = path.join(root, 'data');
  mkdirSync(target);
  writeFileSync(path.join(target, 'mine'), '');
  const occupied = await runCommand(['restore', backup, '--data', target]);
  assert.deepEqual([occupied.code, readdirSync(target)], [2, ['mine']]);
  assert.match(occupied.stderr, /There is something in/);
  appendFileSync(file, ' ');
  const damaged = await runCommand(['restore', backup, '--data', path.join(root, 'other')]);
  assert.equal(damaged.code, 2);
  assert.match(damaged.stderr, /damaged: .*suho\.json is not what it was/);
  assert.ok(!existsSync(path.join(root, 'other')));
  const none = await runCommand(['restore', root, '--data', path.join(root, 'other')]);
  assert.match(none.stderr, /is no backup/);
  writeFileSync(path.join(backup, 'backup.json'), 'nothing');
  const illegible = await runCommand(['restore', backup, '--data', path.join(root, 'other')]);
  assert.deepEqual(
    [illegible.code, illegible.stderr],
    [
      2,
      `suho: The backup is damaged: ${path.join(backup, 'backup.json')} cannot be read; use another backup.\n`,
    ],
  );
  const under = path.join(target, 'mine', 'other');
  const nowhere = await runCommand(['restore', backup, '--data', under]);
  assert.match(nowhere.stderr, /^suho: [^\n]+\.\n$/);
});

test('a backup that cannot be written is refused in a sentence, and leaves nothing', async (t) => {
  const root = temporaryFolder(t);
  writeFileSync(path.join(root, 'file'), '');
  const engine = await openEngine(t, temporaryFolder(t), {
    ...STORES_AWAY,
    tenants,
    backup: { folder: path.join(root, 'file', 'backups') },
  });
  const { port } = await serve(t, engine);
  process.env['SUHO_API_KEY'] = 'key-a';
  afterTest(t, () => void delete process.env['SUHO_API_KEY']);
  const { code, stderr } = await runCommand(['backup', 'one', '--address', `127.0.0.1:${port}`]);
  assert.equal(code, 2);
  assert.equal(
    stderr,
    `suho: The engine answered FAILED_PRECONDITION: The backup cannot be written (backup.folder): ${path.join(root, 'file', 'backups')} is not in a folder.\n`,
  );
});
