import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { SuhoError } from '../../engine/errors.js';
import { BYTES } from '../../engine/journal/log-store.js';
import { WalStore } from '../../engine/journal/wal-store.js';
import { WriteAheadLog } from '../../engine/journal/write-ahead-log.js';
import { temporaryFolder } from '../support/engine.js';
import { seeded } from '../support/seeded.js';

const SALT = 12_345;

const segments = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('wal-'))
    .map((name) => path.join(folder, name));

/** Writes transactions to a log: each sets `n` to its number, with some bytes beside it. */
async function write(log: WriteAheadLog, count: number, bytes: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    log.begin();
    log.write('facts', ['n', log.next], Buffer.alloc(bytes, log.next));
    await log.append();
  }
}

async function logOf(t: TestContext, count: number, bytes: number): Promise<string> {
  const folder = temporaryFolder(t);
  const { log } = WriteAheadLog.open(folder, SALT, 1);
  await write(log, count, bytes);
  log.close();
  return folder;
}

const numbersIn = (folder: string, from = 1): number[] => {
  const { log, found } = WriteAheadLog.open(folder, SALT, from);
  log.close();
  return found.map(({ sequence }) => sequence);
};

const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count - from + 1 }, (_, i) => from + i);

test('a log reads back what was written, keys of every kind and removals, over many segments and starts', async (t) => {
  const folder = temporaryFolder(t);
  const keys = [0, -1.5, 2 ** 53, 'plain', 'Ünï/cödé', ['a', 1], ['b', -Infinity], [7, 'c']] as const;
  let written = 0;
  for (let start = 0; start < 3; start++) {
    const { log, found } = WriteAheadLog.open(folder, SALT, 1);
    assert.equal(found.length, written);
    for (let i = 0; i < 40; i++, written++) {
      log.begin();
      for (const key of keys) log.write('t', key, i % 3 === 0 ? null : Buffer.alloc(i * 1_500, i));
      await log.append();
    }
    log.close();
  }
  const { log, found } = WriteAheadLog.open(folder, SALT, 1);
  log.close();
  found.forEach(({ writes }, n) => {
    const i = n % 40;
    assert.deepEqual(
      writes.map(({ key }) => key),
      keys,
    );
    for (const { value } of writes)
      assert.ok(i % 3 === 0 ? value === null : Buffer.alloc(i * 1_500, i).equals(value!));
  });
  assert.ok(segments(folder).length > 2);
});

test('a transaction larger than a segment is kept whole', async (t) => {
  const folder = await logOf(t, 2, 3_000_000);
  assert.deepEqual(numbersIn(folder), [1, 2]);
});

test('wherever the last write was cut, the log ends before it and goes on', async (t) => {
  const folder = await logOf(t, 9, 700);
  const [file] = segments(folder) as [string];
  const whole = readFileSync(file);
  const ends = upTo(9).map((n) => whole.indexOf(Buffer.alloc(700, n)) + 700);
  for (let cut = ends[7]!; cut < ends[8]!; cut += 13) {
    const torn = Buffer.from(whole);
    torn.fill(0, cut);
    writeFileSync(file, torn);
    assert.deepEqual(numbersIn(folder), upTo(8), `cut at ${cut}`);
  }
  const { log } = WriteAheadLog.open(folder, SALT, 1);
  assert.equal(log.next, 9);
  await write(log, 3, 50);
  log.close();
  assert.deepEqual(numbersIn(folder), upTo(11));
});

test('any changed bit of a transaction that is followed by another is damage, and said', async (t) => {
  const folder = await logOf(t, 12, 300);
  const [file] = segments(folder) as [string];
  const whole = readFileSync(file);
  const random = seeded(3);
  const end = whole.indexOf(Buffer.alloc(300, 11)) + 300;
  for (let i = 0; i < 300; i++) {
    const damaged = Buffer.from(whole);
    const at = Math.floor(random() * end);
    damaged[at] = damaged[at]! ^ (1 << Math.floor(random() * 8));
    writeFileSync(file, damaged);
    assert.throws(() => numbersIn(folder), /transaction \d+ of its log cannot be read/, `byte ${at}`);
  }
});

test('segments are written again once what they hold lies in the tables, and old transactions in them count no more', async (t) => {
  const folder = temporaryFolder(t);
  const { log } = WriteAheadLog.open(folder, SALT, 1);
  for (let round = 0; round < 12; round++) {
    await write(log, 10, 300_000);
    log.release(log.next - 2);
  }
  log.close();
  assert.ok(segments(folder).length < 12, `${segments(folder).length} segments`);
  assert.deepEqual(numbersIn(folder, 119), [119, 120]);
});

test('bytes that look like a transaction, made by somebody without the salt, are none', async (t) => {
  const forger = await logOf(t, 1, 10);
  const forged = readFileSync(segments(forger)[0]!).subarray(0, 200);
  const folder = temporaryFolder(t);
  const { log } = WriteAheadLog.open(folder, SALT + 1, 1);
  log.begin();
  log.write('facts', 'text of a client', forged);
  await log.append();
  log.close();
  const [file] = segments(folder) as [string];
  // The transaction around it is gone, as when its segment is written over.
  const bytes = readFileSync(file);
  bytes.fill(0, 0, 20);
  writeFileSync(file, bytes);
  const { log: again, found } = WriteAheadLog.open(folder, SALT + 1, 1);
  again.close();
  assert.deepEqual(found, []);
});

test('a store whose log lost a transaction is refused with the file named', async (t) => {
  const folder = temporaryFolder(t);
  const store = new WalStore(folder);
  const table = store.table<Uint8Array, number>('t', BYTES);
  for (let i = 0; i < 6; i++) await store.transaction(() => table.put(i, Buffer.alloc(400_000, i)));
  // What a killed process leaves: no table has anything yet.
  const left = segments(folder).map((file) => [file, readFileSync(file)] as const);
  const tables = readFileSync(path.join(folder, 'data.mdb'));
  await store.close();
  const restore = (): void => {
    writeFileSync(path.join(folder, 'data.mdb'), tables);
    for (const file of segments(folder)) rmSync(file);
    for (const [file, bytes] of left) writeFileSync(file, bytes);
  };
  restore();
  const whole = new WalStore(folder);
  assert.equal([...whole.table('t', BYTES).keys()].length, 6);
  await whole.close();
  restore();
  rmSync(left[0]![0]);
  assert.throws(
    () => new WalStore(folder),
    (error) =>
      error instanceof SuhoError &&
      error.code === 'BAD_FILE' &&
      /transaction 1 of its log/.test(error.message),
  );
});
