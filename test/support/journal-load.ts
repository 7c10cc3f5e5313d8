/**
 * A process that opens a journal's store, checks what the last one left and writes until it is killed.
 * Arguments: folder, last acknowledged batch, seed. Prints `open` when the check held and `ack <batch>` after
 * each commit; ends with a stack when anything does not hold.
 */
import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { BYTES } from '../../engine/journal/log-store.js';
import { WalStore } from '../../engine/journal/wal-store.js';
import { seeded } from './seeded.js';

/** Records kept behind the newest one; older ones are purged, which is what fills the list of free pages. */
const KEPT = 20;

const [folder, acknowledged, seed] = process.argv.slice(2) as [string, string, string];
const random = seeded(Number(seed));
const store = new WalStore(folder);
const meta = store.table<number, string>('meta');
const inputs = store.table<{ position: number; body: Uint8Array }, number>('inputs');
const rows = store.table<Uint8Array, number>('rows', BYTES);
const snapshots = store.table<Uint8Array, string>('snapshots', BYTES);

/** The row of a position: its length and its bytes follow from the position. */
function rowAt(position: number): Buffer {
  const mixed = Math.imul(position ^ 0x9e3779b9, 0x85ebca6b) >>> 8;
  return Buffer.alloc(100 + (mixed % (position % 4 === 0 ? 20_000 : 1_200)), position & 255);
}

function snapshot(scale: number): Buffer {
  const size = 100 + Math.floor(random() * 30_000 * scale);
  return Buffer.alloc(size, size & 255);
}

const batch = meta.get('batch') ?? 0;
let first = meta.get('first') ?? 1;
let next = meta.get('next') ?? 1;
assert.ok(
  batch >= Number(acknowledged),
  `batch ${acknowledged} was acknowledged, ${batch} is the last on disk`,
);
let position = first;
for (const { key, value } of rows.entries()) {
  assert.equal(key, position);
  assert.ok(rowAt(position).equals(value), `row ${position} is damaged`);
  assert.equal(inputs.get(position)?.position, position);
  position++;
}
assert.equal(position, next, 'a batch is on disk in part');
for (const { key, value } of snapshots.entries())
  assert.ok(
    value.every((byte) => byte === (value.length & 255)),
    `snapshot ${key} is damaged`,
  );
writeSync(1, 'open\n');

let reader: Iterator<unknown> | undefined;
for (let number = batch + 1; ; number++) {
  // A recovery that reads old inputs while new ones are committed.
  if (reader !== undefined && random() < 0.02) {
    reader.return?.();
    reader = undefined;
  } else if (reader === undefined && random() < 0.2) {
    reader = inputs.entries()[Symbol.iterator]();
    reader.next();
  }
  const to = next + 1 + Math.floor(random() * 6);
  const keepFrom = random() < 0.6 ? Math.max(first, to - KEPT) : first;
  const scale = random();
  await store.transaction(() => {
    for (; next < to; next++) {
      inputs.put(next, { position: next, body: rowAt(next) });
      rows.put(next, rowAt(next));
    }
    for (let round = 0; round < 2; round++)
      for (let group = 0; group < 5; group++)
        if (round === 0 || random() < 0.7) snapshots.put(`g${group}`, snapshot(scale));
        else snapshots.remove(`g${group}`);
    for (; first < keepFrom; first++) {
      inputs.remove(first);
      rows.remove(first);
    }
    meta.put('batch', number);
    meta.put('first', first);
    meta.put('next', next);
  });
  writeSync(1, `ack ${number}\n`);
  // Into the tables while the next batches are written, and again and again where the process ends in the middle of it.
  if (random() < 0.1) void store.compact();
}
