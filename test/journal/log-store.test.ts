import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { WalStore } from '../../engine/journal/wal-store.js';
import type { Key, KeyRange, LogStore } from '../../engine/journal/log-store.js';
import { MemoryDisk, MemoryStore } from '../simulation/memory-store.js';
import { ProcessClock, VirtualTime } from '../simulation/virtual-time.js';
import { temporaryFolder } from '../support/engine.js';

interface Opened {
  readonly store: LogStore;
  /** Runs a transaction to its end. */
  readonly commit: (write: () => void) => Promise<void>;
}

function lmdb(t: TestContext): Opened {
  const folder = path.join(temporaryFolder(t), 'journal');
  mkdirSync(folder);
  const store = new WalStore(folder);
  t.after(async () => await store.close());
  return { store, commit: async (write) => await store.transaction(write) };
}

function memory(): Opened {
  const time = new VirtualTime(0);
  const latency = { commitMs: () => 1, answerMs: () => 1 };
  const store = new MemoryStore(new MemoryDisk(), new ProcessClock(time), latency, () => undefined);
  return {
    store,
    commit: async (write) => {
      const done = store.transaction(write);
      done.catch(() => undefined);
      await time.runUntil(time.now + 10);
      await done;
    },
  };
}

const single = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom('', 'a', 'a/b', 'z'));
const pair = fc.tuple(
  fc.oneof(fc.constantFrom('a', 'a/b', 'b'), fc.integer({ min: 0, max: 3 })),
  fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom('', 'x')),
);
const writeOf = (key: fc.Arbitrary<Key>) =>
  fc.record({
    key,
    value: fc.option(fc.oneof(fc.double(), fc.string({ maxLength: 40 }), fc.record({ n: fc.double() }))),
  });

for (const [kind, key, known] of [
  ['single keys', single, (i: number): Key => i],
  ['pairs', pair, (i: number): Key => ['a', i]],
] as const)
  test(`both log stores keep what is committed under ${kind}, in the same order, and nothing of a transaction that throws`, async (t) => {
    const stores = [lmdb(t), memory()];
    let name = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(writeOf(key), { maxLength: 8 }), fc.boolean(), fc.boolean()), {
          maxLength: 6,
        }),
        fc.tuple(
          key as fc.Arbitrary<Key>,
          key as fc.Arbitrary<Key>,
          fc.boolean(),
          fc.integer({ min: 1, max: 9 }),
        ),
        async (transactions, [start, end, reverse, limit]) => {
          name = (name + 1) % 12;
          const seen: unknown[] = [];
          for (const { store, commit } of stores) {
            const table = store.table<unknown, Key>(`t${name}`);
            await commit(() => {
              for (const old of Array.from(table.keys())) table.remove(old);
            });
            for (const [writes, fails, compacts] of transactions) {
              await commit(() => {
                for (const { key: at, value } of writes) {
                  if (value === null) table.remove(at);
                  else table.put(at, value);
                }
                if (fails) throw new Error('given up');
              }).catch(() => undefined);
              // Some of what is read lies in the tables then, some over them, some on its way.
              if (compacts) void store.compact();
            }
            const range: KeyRange = { start, end, reverse, limit };
            const found = Array.from({ length: 51 }, (_, i) => [table.has(known(i)), table.get(known(i))]);
            seen.push([[...table.entries()], [...table.entries(range)], [...table.keys(range)], found]);
          }
          assert.deepEqual(seen[0], seen[1]);
        },
      ),
      { numRuns: 60 },
    );
  });
