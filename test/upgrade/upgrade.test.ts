/**
 * Data folders of earlier formats. `test/data/formats/4` has the journal that `suho replay` of format 4 (before commit 48bee16)
 * made of the first 48 bars of `bars.csv` beside it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { SuhoError } from '../../engine/errors.js';
import { DataFolder, FORMAT } from '../../engine/journal/data-folder.js';
import { upgradeFolder } from '../../engine/upgrade/upgrade.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';

const OLD = new URL('../../../test/data/formats/4/', import.meta.url);
const BARS = new URL('bars.csv', OLD);
const UPGRADE = new URL('../../engine/upgrade/upgrade.js', import.meta.url).href;

/** A data folder as format 4 left it, after 48 of its 72 bars. */
function oldFolder(t: TestContext): string {
  const folder = path.join(temporaryFolder(t), 'data');
  mkdirSync(path.join(folder, 'journal'), { recursive: true });
  writeFileSync(path.join(folder, 'suho.json'), '{"format":4}\n');
  writeFileSync(
    path.join(folder, 'journal', 'data.mdb'),
    gunzipSync(readFileSync(new URL('journal.mdb.gz', OLD))),
  );
  return folder;
}

/** Features of the bars that came after the upgrade, as one number. */
async function featuresOf(data: string): Promise<unknown> {
  const { stdout, stderr } = await runCommand([
    'sql',
    'features',
    '--json',
    '--data',
    data,
    `SELECT count() AS rows, toString(sum(cityHash64(* EXCEPT (stored_at)))) AS hash FROM ml_features
     WHERE bar_open_time >= fromUnixTimestamp64Milli(${1_704_067_200_000 + 48 * 3_600_000})`,
  ]);
  return JSON.parse(stdout === '' ? `"${stderr}"` : stdout);
}

test('a data folder of format 4 is converted with a copy, and continues bit for bit', async (t) => {
  const data = oldFolder(t);
  const before = readFileSync(path.join(data, 'journal', 'data.mdb'));
  const { stdout, code } = await runCommand(['upgrade', '--data', data]);
  assert.equal(code, 0);
  assert.match(stdout, /converted from format 4 to 5: the journal gets a write-ahead log/);
  assert.equal(readFileSync(path.join(data, 'suho.json'), 'utf8'), `{"format":${FORMAT}}\n`);
  const copy = `${data}.format-4`;
  assert.ok(readFileSync(path.join(copy, 'journal', 'data.mdb')).equals(before));
  assert.equal(readFileSync(path.join(copy, 'suho.json'), 'utf8'), '{"format":4}\n');
  assert.match((await runCommand(['upgrade', '--data', data])).stdout, /there is nothing to do/);

  const file = path.join(temporaryFolder(t), 'bars.csv');
  copyFileSync(BARS, file);
  const replay = ['replay', file, '--symbol', 'EURUSD', '--timeframe', '1h', '--json', '--data'];
  const unbroken = path.join(temporaryFolder(t), 'new');
  for (const folder of [data, unbroken]) {
    const played = await runCommand([...replay, folder]);
    assert.equal(played.code, 0, played.stderr);
  }
  const found = await featuresOf(data);
  assert.deepEqual(found, await featuresOf(unbroken));
  assert.equal((found as { rows: number }[])[0]!.rows, 24);
});

test('an upgrade that is killed at any moment is continued, and no engine opens the folder meanwhile', async (t) => {
  const data = oldFolder(t);
  const whole = readFileSync(path.join(data, 'journal', 'data.mdb'));
  /** Runs an upgrade of two steps to format 6 in a process of its own that ends itself at a moment. */
  const killedAt = (moment: string): void => {
    const code = `
      import { upgradeFolder } from ${JSON.stringify(UPGRADE)};
      import { appendFileSync } from 'node:fs';
      const die = (at) => { if (at === ${JSON.stringify(moment)}) process.kill(process.pid, 'SIGKILL'); };
      const step = (from) => ({ from, what: 'step ' + from, convert: async (folder) => {
        die('before ' + from);
        appendFileSync(folder + '/done', String(from));
        die('after ' + from);
        await new Promise((resolve) => setImmediate(resolve));
      } });
      await upgradeFolder(${JSON.stringify(data)}, { steps: [step(4), step(5)], to: 6 });`;
    const { signal, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    });
    if (moment === 'never') assert.equal(status, 0, stderr);
    else assert.equal(signal, 'SIGKILL', `${moment}: ${stderr}`);
  };
  const refusedToEngines = (): void => {
    assert.throws(
      () => DataFolder.open(data),
      (error) =>
        error instanceof SuhoError && /was interrupted; continue it with suho upgrade/.test(error.message),
    );
  };
  // What a process that died while it copied leaves.
  mkdirSync(`${data}.format-4.part/journal`, { recursive: true });
  writeFileSync(`${data}.format-4.part/journal/data.mdb`, 'half');
  for (const moment of ['before 4', 'after 4', 'before 5', 'after 5']) {
    killedAt(moment);
    refusedToEngines();
    assert.ok(readFileSync(`${data}.format-4/journal/data.mdb`).equals(whole), moment);
    assert.ok(!existsSync(`${data}.format-4/upgrade.json`));
  }
  killedAt('never');
  // Each step again where it had not been finished, and none that had.
  assert.equal(readFileSync(path.join(data, 'done'), 'utf8'), '4455');
  assert.equal(readFileSync(path.join(data, 'suho.json'), 'utf8'), '{"format":6}\n');
  assert.ok(!existsSync(path.join(data, 'upgrade.json')));
});

test('a copy that is equal is taken, another one is not written over; what cannot be converted is left as it is', async (t) => {
  const refused = async (folder: string, pattern: RegExp): Promise<void> => {
    const before = readdirSync(folder);
    await assert.rejects(
      upgradeFolder(folder),
      (error) => error instanceof SuhoError && pattern.test(error.message),
    );
    assert.deepEqual(readdirSync(folder), before);
  };
  const data = oldFolder(t);
  const copy = `${data}.format-4`;
  mkdirSync(path.join(copy, 'journal'), { recursive: true });
  copyFileSync(path.join(data, 'suho.json'), path.join(copy, 'suho.json'));
  await refused(data, /is there already and differs/);
  copyFileSync(path.join(data, 'journal/data.mdb'), path.join(copy, 'journal/data.mdb'));
  assert.equal((await upgradeFolder(data)).copy, copy);

  const other = oldFolder(t);
  writeFileSync(path.join(other, 'suho.json'), '{"format":2}\n');
  await refused(other, /has format 2, from which this version cannot convert/);
  writeFileSync(path.join(other, 'suho.json'), '{"format":99}\n');
  await refused(other, /format 99, of a newer Suho/);
  writeFileSync(path.join(other, 'suho.json'), '{"format":4}\n');
  const held = DataFolder.openOfAnyFormat(other);
  await refused(other, /in use by another engine/);
  held.release();
  writeFileSync(path.join(other, 'journal/data.mdb'), Buffer.alloc(8_192, 7));
  await assert.rejects(upgradeFolder(other), (error) => error instanceof SuhoError);
  rmSync(path.join(other, 'suho.json'));
  await assert.rejects(upgradeFolder(other), /is no data folder/);
});
