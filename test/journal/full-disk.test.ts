import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { commit, openEnvironment } from '../../engine/journal/environment.js';
import { messageOf } from '../../engine/errors.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';

const DISK_MEGABYTES = 6;
const RECORD_BYTES = 1_000;
const RECORDS_PER_COMMIT = 10;
/** More than the disk has room for. */
const COMMITS_MAX = (DISK_MEGABYTES * 1e6) / (RECORD_BYTES * RECORDS_PER_COMMIT);

/** A small disk of its own, or the reason why there is none. */
function smallDisk(t: TestContext): { readonly folder: string } | { readonly missing: string } {
  const folder = temporaryFolder(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MEGABYTES}m`, 'tmpfs', folder], {
      stdio: 'pipe',
    });
  } catch (error) {
    return { missing: messageOf(error) };
  }
  afterTest(t, () => execFileSync('umount', [folder]));
  return { folder };
}

test('a full disk fails the commit and nothing else: the journal stays readable and goes on when there is space', async (t) => {
  const disk = smallDisk(t);
  if ('missing' in disk) {
    t.skip(`NOT TESTED: no tmpfs can be mounted here (it takes root): ${disk.missing}`);
    return;
  }
  const ballast = path.join(disk.folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(2e6));
  const root = openEnvironment(path.join(disk.folder, 'journal'));
  const open = { name: 'log', encoding: 'binary' } as const;
  const log = root.openDB<Uint8Array, number>(open);
  let next = 0;
  const append = async (): Promise<void> => {
    await commit(root, () => {
      for (let i = 0; i < RECORDS_PER_COMMIT; i++) log.putSync(next + i, Buffer.alloc(RECORD_BYTES, i));
    });
    next += RECORDS_PER_COMMIT;
  };

  const fill = async (): Promise<void> => {
    for (let commits = 0; commits < COMMITS_MAX; commits++) await append();
  };
  await assert.rejects(fill(), { code: 28 });
  assert.ok(next > 0);
  assert.equal(log.getKeysCount(), next);
  await assert.rejects(append(), { code: 28 });

  rmSync(ballast);
  await append();
  await root.close();

  const reopened = openEnvironment(path.join(disk.folder, 'journal'));
  afterTest(t, () => reopened.close());
  const read = reopened.openDB<Uint8Array, number>(open);
  assert.equal(read.getKeysCount(), next);
  for (const { key, value } of read.getRange())
    assert.ok(
      value.length === RECORD_BYTES && value.every((byte) => byte === key % RECORDS_PER_COMMIT),
      `record ${key} is damaged`,
    );
});
