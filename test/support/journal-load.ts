/**
 * A process that opens a journal's environment, checks what the last one left and writes until it is killed.
 * Arguments: folder, last acknowledged batch, seed. Prints `open` when the check held and `ack <batch>` after
 * each commit; ends with a stack when anything does not hold.
 */
import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { commit, openEnvironment } from '../../engine/journal/environment.js';
import { seeded } from './seeded.js';

/** Records kept behind the newest one; older ones are purged, which is what fills the list of free pages. */
const KEPT = 20;

const [folder, acknowledged, seed] = process.argv.slice(2) as [string, string, string];
const random = seeded(Number(seed));
const root = openEnvironment(folder);
const meta = root.openDB<number, string>({ name: 'meta' });
const inputs = root.openDB<{ position: number; body: Uint8Array }, number>({ name: 'inputs' });
const rows = root.openDB<Uint8Array, number>({ name: 'rows', encoding: 'binary' });
const snapshots = root.openDB<Uint8Array, string>({ name: 'snapshots', encoding: 'binary' });

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
for (const { key, value } of rows.getRange()) {
  assert.equal(key, position);
  assert.ok(rowAt(position).equals(value), `row ${position} is damaged`);
  assert.equal(inputs.get(position)?.position, position);
  position++;
}
assert.equal(position, next, 'a batch is on disk in part');
for (const { key, value } of snapshots.getRange())
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
    reader = inputs.getRange()[Symbol.iterator]();
    reader.next();
  }
  const to = next + 1 + Math.floor(random() * 6);
  const keepFrom = random() < 0.6 ? Math.max(first, to - KEPT) : first;
  const scale = random();
  await commit(root, () => {
    for (; next < to; next++) {
      inputs.putSync(next, { position: next, body: rowAt(next) });
      rows.putSync(next, rowAt(next));
    }
    for (let round = 0; round < 2; round++)
      for (let group = 0; group < 5; group++)
        if (round === 0 || random() < 0.7) snapshots.putSync(`g${group}`, snapshot(scale));
        else snapshots.removeSync(`g${group}`);
    for (; first < keepFrom; first++) {
      inputs.removeSync(first);
      rows.removeSync(first);
    }
    meta.putSync('batch', number);
    meta.putSync('first', first);
    meta.putSync('next', next);
  });
  writeSync(1, `ack ${number}\n`);
}
