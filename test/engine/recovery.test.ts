import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { open } from 'lmdb';
import type { Engine } from '../../engine/engine.js';
import { Journal } from '../../engine/journal/journal.js';
import { packBars } from '../../engine/journal/records.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';

const bars = inventedBars(900, { seed: 31 });

async function follow(engine: Engine, symbol: string): Promise<string> {
  return await engine.instruments.follow({ feed: 'market', symbol, base: '1h', tenantId: 'default', timeframe: '4h' });
}

async function feed(engine: Engine, group: string, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i += 100) {
    engine.intake.ingestBars(group, bars.slice(i, Math.min(to, i + 100)));
    await engine.settled();
  }
}

test('a group whose snapshot is refused is made again from stored bars where the journal has purged its inputs', async (t) => {
  const unbroken = await openEngine(t, temporaryFolder(t));
  await feed(unbroken, await follow(unbroken, 'EURUSD'), 0, 900);
  const expected = unbroken.instruments.graph.states();
  await unbroken.stop();

  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder);
  await feed(first, await follow(first, 'EURUSD'), 0, 700);
  await first.stored();
  await first.stop();

  // The journal as a purge and a damaged disk leave it: the oldest inputs gone, the snapshots unreadable.
  const root = open({ path: path.join(folder, 'journal'), maxDbs: 16 });
  const inputs = root.openDB<unknown, number>({ name: 'inputs' });
  const snapshots = root.openDB<Uint8Array, [string, string]>({ name: 'snapshots', encoding: 'binary' });
  const positions = [...inputs.getKeys()];
  assert.ok(positions.length > 6);
  for (const position of positions.slice(0, 4)) inputs.removeSync(position);
  const parts = [...snapshots.getKeys()];
  assert.ok(parts.length > 0);
  for (const key of parts) snapshots.putSync(key, Buffer.from('not a snapshot'));
  await root.close();

  const second = await openEngine(t, folder);
  const group = await follow(second, 'EURUSD');
  assert.equal(second.instruments.barsOf(`${group}/1h`), 700);
  await feed(second, group, 700, 900);
  const states = second.instruments.graph.states();
  for (const [id, bytes] of expected)
    if (!id.startsWith('signal:')) assert.deepEqual(states.get(id), bytes, id);
  await second.stored();
  const [stored] = await second.features.sql(
    "SELECT count() AS n FROM ml_features WHERE timeframe = '1h' AND symbol = 'EURUSD'",
  );
  assert.equal(stored?.['n'], 900);
});

test('a poisoned input parks its actor after its group was tried again, and no one else', async (t) => {
  const folder = temporaryFolder(t);
  const first = await openEngine(t, folder);
  const groups = { sick: await follow(first, 'EURUSD'), well: await follow(first, 'GBPUSD') };
  for (const group of Object.values(groups)) await feed(first, group, 0, 300);
  await first.stop();

  // An input that no engine would have accepted: a bar from before the last one.
  const journal = new Journal(path.join(folder, 'journal'), 1e9);
  journal.appendInput({ kind: 'bars', group: groups.sick, numbers: packBars([bars[10]!]) });
  await journal.flushed();
  await journal.close();

  const second = await openEngine(t, folder);
  await follow(second, 'EURUSD');
  await follow(second, 'GBPUSD');
  assert.equal(second.systemCounts().parked, 1);
  assert.ok(second.status.counts().deadLetters >= 1, 'the failure is on record');
  await feed(second, groups.well, 300, 400);
  assert.equal(second.instruments.barsOf(`${groups.well}/1h`), 400, 'the other group goes on');
  await second.stop();

  const third = await openEngine(t, folder);
  await follow(third, 'GBPUSD');
  assert.equal(third.instruments.barsOf(`${groups.well}/1h`), 400);
  assert.ok(third.status.counts().deadLetters >= 1, 'and stays on record');
});
