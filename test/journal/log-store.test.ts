// What a journal lies on must do, on the disk or in memory: any run of transactions gives what a plain map would.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { LmdbStore } from '../../engine/journal/lmdb-store.js';
import type { KeyRange, LogStore } from '../../engine/journal/log-store.js';
import { temporaryFolder } from '../support/engine.js';
import { MemoryStore } from '../support/memory-store.js';

type PairKey = [name: string, place: number];

const key = fc.tuple(fc.constantFrom('', 'a', 'a|b', 'é', '\uffff'), fc.integer({ min: -3, max: 5 }));
const value = fc.record(
  { text: fc.string(), at: fc.integer(), list: fc.array(fc.integer()) },
  { noNullPrototype: true },
);
const transaction = fc.record({
  writes: fc.array(fc.tuple(key, fc.option(value, { nil: undefined })), { maxLength: 8 }),
  throws: fc.boolean(),
});
const range = fc.record({ from: key, to: key, reverse: fc.boolean(), limit: fc.integer({ min: 1, max: 4 }) });

function compare([a, m]: PairKey, [b, n]: PairKey): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) || m - n;
}

async function check(
  store: LogStore,
  transactions: readonly { writes: (readonly [PairKey, unknown])[]; throws: boolean }[],
  ranges: readonly { from: PairKey; to: PairKey; reverse: boolean; limit: number }[],
): Promise<void> {
  const table = store.table<unknown, PairKey>('pairs');
  const bytes = store.table<Uint8Array, number>('bytes', 'binary');
  const held = new Map<string, [PairKey, unknown]>();
  for (const { writes, throws } of transactions) {
    const done = store.transaction(() => {
      for (const [place, content] of writes) {
        if (content === undefined) table.remove(place);
        else table.put(place, content);
        assert.deepEqual(table.get(place), content, 'a transaction sees what it wrote');
      }
      bytes.put(writes.length, Uint8Array.from([writes.length]));
      if (throws) throw new Error('no further');
    });
    if (throws) {
      await assert.rejects(done, /no further/);
      continue;
    }
    await done;
    for (const [place, content] of writes) {
      if (content === undefined) held.delete(JSON.stringify(place));
      else held.set(JSON.stringify(place), [place, content]);
    }
    assert.deepEqual(Array.from(bytes.get(writes.length)!), [writes.length]);
  }
  const all = [...held.values()].sort(([a], [b]) => compare(a, b));
  const read = (within?: KeyRange): [PairKey, unknown][] =>
    Array.from(table.entries(within), (entry) => [entry.key, entry.value]);
  assert.deepEqual(read(), all);
  for (const { from, to, reverse, limit } of ranges) {
    const inside = (reverse ? all.toReversed() : all).filter(([place]) =>
      reverse
        ? compare(place, from) <= 0 && compare(place, to) > 0
        : compare(place, from) >= 0 && compare(place, to) < 0,
    );
    const within = { start: from, end: to, reverse };
    assert.deepEqual(read(within), inside, JSON.stringify(within));
    assert.deepEqual(read({ ...within, limit }), inside.slice(0, limit));
    assert.deepEqual(
      Array.from(table.keys(within)),
      inside.map(([place]) => place),
    );
  }
  if (all.length > 0) assert.ok(store.bytes() > 0);
  await store.close();
}

test('a store of a journal keeps whole transactions, and ranges in the order of keys, in LMDB and in memory', async (t) => {
  const folder = temporaryFolder(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(transaction, { maxLength: 6 }),
      fc.array(range, { maxLength: 6 }),
      async (transactions, ranges) => {
        await check(new MemoryStore(), transactions, ranges);
        await check(new LmdbStore(mkdtempSync(path.join(folder, 'j'))), transactions, ranges);
      },
    ),
    { numRuns: 40 },
  );
});
