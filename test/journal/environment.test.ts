import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { SuhoError } from '../../engine/errors.js';
import { commit, commitNow, openEnvironment } from '../../engine/journal/environment.js';
import { BYTES } from '../../engine/journal/log-store.js';
import { WalStore } from '../../engine/journal/wal-store.js';
import { damageOf } from '../../engine/journal/page-check.js';
import { Random } from '../../engine/learning/random.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';

const run = promisify(execFile);
const CHURN = fileURLToPath(new URL('../support/journal-churn.js', import.meta.url));
/** With the list of free pages kept in memory, each of these failed about two times in three. */
const SEEDS = [69, 86, 100];

test('no commit fails where an old reader holds freed pages and large values are replaced', async (t) => {
  // Each in a new process: LMDB reads a variable it never set, zero only on the unused stack of a new thread.
  for (const seed of SEEDS) await run(process.execPath, [CHURN, temporaryFolder(t), String(seed)]);
});

test('a transaction that throws leaves nothing behind, and the next one commits', async (t) => {
  const root = openEnvironment(temporaryFolder(t));
  afterTest(t, () => root.close());
  const log = root.openDB<string, number>({ name: 'log' });
  const half = (): void => {
    log.putSync(1, 'half');
    throw new Error('no further');
  };
  await assert.rejects(commit(root, half), /no further/);
  assert.throws(() => commitNow(root, half), /no further/);
  assert.equal(log.get(1), undefined);
  await commit(root, () => log.putSync(2, 'whole'));
  commitNow(root, () => log.putSync(3, 'whole'));
  assert.deepEqual([...log.getKeys()], [2, 3]);
});

const TABLES = ['inputs', 'rows', 'snapshots', 'log'];

/** A file of tables with long and short values, some on pages of their own, and with pages that are free again. */
async function usedFile(folder: string): Promise<Buffer> {
  const store = new WalStore(folder);
  const tables = TABLES.map((name) => store.table<Uint8Array, [string, number]>(name, BYTES));
  const facts = store.table<unknown, string>('facts');
  for (let round = 0; round < 30; round++)
    await store.transaction(() => {
      tables.forEach((table, t) => {
        for (let i = 0; i < 40; i++)
          table.put([`EURUSD${i % 7}`, round * 40 + i], Buffer.alloc(30 + t * 900, i));
        for (let i = 0; i < 20; i++) table.remove([`EURUSD${i % 7}`, (round - 3) * 40 + i]);
        table.put(['snapshot', 0], Buffer.alloc(20_000, round));
      });
      facts.put(`fact ${round}`, { round, name: 'a fact'.repeat(20), known: [1, 2, 3] });
    });
  await store.close();
  return readFileSync(path.join(folder, 'data.mdb'));
}

/** Reads and rewrites all that a file has, as a start does; throws what the store throws. */
async function useFile(folder: string): Promise<void> {
  const store = new WalStore(folder);
  try {
    const tables = TABLES.map((name) => store.table<Uint8Array, [string, number]>(name, BYTES));
    const facts = store.table<unknown, string>('facts');
    for (const _ of facts.entries());
    const entries = tables.map((table) => Array.from(table.entries()));
    for (let round = 0; round < 3; round++)
      await store.transaction(() => {
        for (const [t, table] of tables.entries()) {
          for (const { key, value } of entries[t]!) {
            if (round === 1) table.remove(key);
            else table.put(key, Buffer.concat([value, Buffer.alloc(round * 300)]));
          }
        }
      });
  } finally {
    await store.close();
  }
}

test('whatever page of a journal is damaged, it is refused in a sentence or it works, never the end of the process', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'data.mdb');
  const sound = await usedFile(folder);
  await useFile(folder);
  const random = new Random(7);
  const below = (n: number): number => Math.floor(random.next() * n);
  const pageSize = 4096;
  const pages = sound.length / pageSize;
  const damages: Readonly<Record<string, (bytes: Buffer, page: number) => void>> = {
    'is zeroed': (bytes, page) => bytes.fill(0, page * pageSize, (page + 1) * pageSize),
    'is noise': (bytes, page) => {
      for (let i = 0; i < pageSize; i++) bytes[page * pageSize + i] = below(256);
    },
    'is another page': (bytes, page) => sound.copy(bytes, page * pageSize, 0, pageSize),
    'is an older page of its kind': (bytes, page) => {
      const from = (2 + below(pages - 2)) * pageSize;
      sound.copy(bytes, page * pageSize + 8, from + 8, from + pageSize);
    },
    'has a changed bit in its header': (bytes, page) => {
      const at = page * pageSize + 18 + below(60);
      bytes[at] = bytes[at]! ^ (1 << below(8));
    },
    'has a changed bit': (bytes, page) => {
      const at = page * pageSize + below(pageSize);
      bytes[at] = bytes[at]! ^ (1 << below(8));
    },
  };
  const refused = new Map<string, number>();
  for (const [what, damage] of Object.entries(damages))
    for (let i = 0; i < 40; i++) {
      const page = 2 + below(pages - 2);
      const bytes = Buffer.from(sound);
      damage(bytes, page);
      for (const name of readdirSync(folder)) if (name.startsWith('wal-')) rmSync(path.join(folder, name));
      writeFileSync(file, bytes);
      try {
        await useFile(folder);
      } catch (error) {
        assert.ok(
          error instanceof SuhoError && error.code === 'BAD_FILE',
          `page ${page} ${what}: ${String(error)}`,
        );
        assert.match(error.message, /data\.mdb is damaged: .*Restore the data folder/);
        refused.set(what, (refused.get(what) ?? 0) + 1);
      }
    }
  // A page that was free, and a bit of a value, are nobody's loss or nobody's to know.
  t.diagnostic(`refused of 40 each: ${JSON.stringify([...refused])}`);
  assert.ok(refused.get('is zeroed')! > 10);
});

/** Entries of all sizes, written, written again longer and shorter in one transaction, and removed. */
const writes = fc.array(
  fc.record({
    table: fc.nat(TABLES.length - 1),
    key: fc.nat(60),
    sizes: fc.array(fc.oneof(fc.nat(300), fc.nat(9_000), fc.nat(60_000)), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 40 },
);

test('no journal that LMDB itself wrote is called damaged, whatever was written over what', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(writes, { minLength: 1, maxLength: 12 }), async (batches) => {
      const folder = temporaryFolder(t);
      const root = openEnvironment(folder);
      const tables = TABLES.map((name) => root.openDB<Uint8Array, number>({ name, encoding: 'binary' }));
      // A reader that is left behind keeps pages from being used again.
      const reader = tables[0]!.getRange()[Symbol.iterator]();
      for (const [i, batch] of batches.entries()) {
        if (i === 1) reader.next();
        await commit(root, () => {
          for (const { table, key, sizes } of batch) {
            for (const size of sizes) void tables[table]!.put(key, Buffer.alloc(size, key));
            if (sizes.length === 0) void tables[table]!.remove(key);
          }
        });
        assert.equal(damageOf(path.join(folder, 'data.mdb')), undefined);
      }
      reader.return?.();
      await root.close();
      rmSync(folder, { recursive: true, force: true });
    }),
    { numRuns: 60 },
  );
});
