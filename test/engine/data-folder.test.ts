import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SuhoError, type ErrorCode } from '../../engine/errors.js';
import { DataFolder } from '../../engine/journal/data-folder.js';
import { commit, openEnvironment } from '../../engine/journal/environment.js';
import { NOBODY } from '../../engine/journal/private-folder.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';

const isRoot = process.getuid?.() === 0;
const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const startTime = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19]!;

function refused(folder: string, code: ErrorCode, pattern: RegExp): void {
  assert.throws(
    () => DataFolder.open(folder),
    (error) => error instanceof SuhoError && error.code === code && pattern.test(error.message),
  );
}

test('a lock that nobody holds is taken over, whatever is in it, and one that is held never', async (t) => {
  const folder = path.join(temporaryFolder(t), 'data');
  const other = spawn('sleep', ['600'], { stdio: 'ignore' });
  afterTest(t, () => other.kill());
  const ended = spawnSync('true').pid;
  const pid = other.pid!;
  const lock = path.join(folder, 'engine.lock');
  const stale = [
    '',
    ' ',
    '\0\0\0\0',
    'garbage',
    '-1 0',
    '0 0',
    '1e3',
    '99999999999999999999',
    `${pid}`.slice(0, 0),
    `${ended}`,
    `${ended} 12`,
    `${pid} 1`,
    `${pid} ${startTime(pid)} another-boot`,
    // Of a process of another user too, when its id was given again.
    '1 1',
  ];
  DataFolder.open(folder).release();
  for (const content of stale) {
    writeFileSync(lock, content);
    const data = DataFolder.open(folder);
    assert.ok(readFileSync(lock, 'utf8').startsWith(`${process.pid} `), JSON.stringify(content));
    refused(folder, 'DATA_FOLDER_IN_USE', new RegExp(`process ${process.pid}`));
    data.release();
  }
  for (const content of [`${pid} ${startTime(pid)}`, `${pid} ${startTime(pid)} ${bootId()}`]) {
    writeFileSync(lock, content);
    refused(folder, 'DATA_FOLDER_IN_USE', new RegExp(`process ${pid}`));
  }
  assert.deepEqual(readdirSync(folder).sort(), ['engine.lock', 'suho.json'], 'nothing else is left');
});

test('of many that take a folder with a stale lock at once, one has it', async (t) => {
  const folder = path.join(temporaryFolder(t), 'data');
  DataFolder.open(folder).release();
  const module = fileURLToPath(new URL('../../engine/journal/data-folder.js', import.meta.url));
  const script = `import { DataFolder } from ${JSON.stringify(module)};
    try { DataFolder.open(${JSON.stringify(folder)}); console.log('taken'); } catch (error) { console.log(error.code); }
    await new Promise((resolve) => process.stdin.once('end', resolve).resume());`;
  writeFileSync(path.join(folder, 'engine.lock'), '');
  const answers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
      afterTest(t, () => child.kill('SIGKILL'));
      return await new Promise<string>((resolve) =>
        child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim())),
      );
    }),
  );
  assert.equal(answers.filter((answer) => answer === 'taken').length, 1, answers.join());
  assert.equal(answers.filter((answer) => answer === 'DATA_FOLDER_IN_USE').length, 5, answers.join());
});

test('a folder of another version or with a damaged version is refused in one sentence, and not locked', (t) => {
  const folder = path.join(temporaryFolder(t), 'data');
  DataFolder.open(folder).release();
  const version = path.join(folder, 'suho.json');
  assert.equal(
    readFileSync(version, 'utf8'),
    '{"format":5}\n',
    'raise it whenever what a folder holds changes',
  );
  for (const content of ['', '{', '{"format":5', 'null', '{}', '{"format":2}', '{"format":3}', '[]']) {
    writeFileSync(version, content);
    refused(folder, 'DATA_FOLDER_VERSION', /damaged|format/);
    assert.deepEqual(readdirSync(folder), ['suho.json']);
  }
  writeFileSync(version, '{"format":4}\n');
  DataFolder.open(folder).release();
  assert.equal(readFileSync(version, 'utf8'), '{"format":5}\n', 'one of the format before is taken over');
});

/** A command that opens a whole engine on a data folder, to play a few bars from a file beside it. */
function replayOf(outside: string, data: string): string[] {
  const file = path.join(outside, 'bars.csv');
  const rows = inventedBars(3).map(({ openTime, open, high, low, close }) =>
    [openTime, open, high, low, close].join(),
  );
  writeFileSync(file, ['ts,open,high,low,close', ...rows, ''].join('\n'));
  return ['replay', file, '--symbol', 'EURUSD', '--timeframe', '1h', '--data', data];
}

test('whatever is in the way in a data folder, the start ends with one sentence and leaves the folder free', async (t) => {
  const outside = temporaryFolder(t);
  const folder = path.join(outside, 'data');
  const replay = replayOf(outside, folder);
  const inTheWay: readonly (readonly [string, () => void])[] = [
    ...['journal', 'postgres', 'clickhouse', 'artifacts'].map(
      (room) => [`a file ${room}`, () => writeFileSync(path.join(folder, room), '')] as const,
    ),
    ['a folder engine.lock', () => mkdirSync(path.join(folder, 'engine.lock'))],
    [
      'a folder suho.json',
      () => {
        rmSync(path.join(folder, 'suho.json'));
        mkdirSync(path.join(folder, 'suho.json'));
      },
    ],
  ];
  for (const [what, put] of inTheWay) {
    DataFolder.open(folder).release();
    put();
    const { code, stderr } = await runCommand(replay);
    assert.ok(code === 1 || code === 2, `${what}: ${code} ${stderr}`);
    assert.match(stderr, /\nsuho: The (data folder|embedded ClickHouse) [^\n]*\.\n$/, what);
    assert.equal(stderr.trim().split('\n').length, 2, stderr);
    if (!what.endsWith('engine.lock'))
      assert.equal(existsSync(path.join(folder, 'engine.lock')), false, what);
    rmSync(folder, { recursive: true });
  }
});

test('a start on a journal with damaged pages ends with one sentence and leaves the folder free', async (t) => {
  const outside = temporaryFolder(t);
  const folder = path.join(outside, 'data');
  const replay = replayOf(outside, folder);
  assert.equal((await runCommand(replay)).code, 0);
  const file = path.join(folder, 'journal', 'data.mdb');
  const bytes = readFileSync(file);
  bytes.fill(0, 4 * 4_096);
  writeFileSync(file, bytes);
  const { code, stderr } = await runCommand(replay);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /\nsuho: The journal [^\n]* is damaged: [^\n]*\.\n$/);
  assert.equal(existsSync(path.join(folder, 'engine.lock')), false);
});

test('a journal that is foreign or cut off is a sentence, not the end of the process by a signal', async (t) => {
  const folder = temporaryFolder(t);
  const sound = path.join(folder, 'sound');
  mkdirSync(sound);
  const root = openEnvironment(sound);
  const log = root.openDB<Uint8Array, number>({ name: 'log', encoding: 'binary' });
  for (let i = 0; i < 40; i++)
    await commit(root, () => {
      for (let k = 0; k < 50; k++) log.putSync(i * 50 + k, Buffer.alloc(1_000, k));
    });
  await root.close();
  const whole = readFileSync(path.join(sound, 'data.mdb'));
  const refusal = async (bytes: Uint8Array): Promise<unknown> => {
    writeFileSync(path.join(sound, 'data.mdb'), bytes);
    try {
      const opened = openEnvironment(sound);
      const found = opened.openDB<Uint8Array, number>({ name: 'log', encoding: 'binary' });
      const keys = [...found.getKeys()].length;
      await opened.close();
      return keys;
    } catch (error) {
      assert.ok(error instanceof SuhoError && error.code === 'BAD_FILE', String(error));
      assert.match(error.message, /data\.mdb is damaged: .*Restore the data folder/);
      return 'refused';
    }
  };
  for (const length of [1, 100, 4_096, 4_200, 8_192, 100_000, whole.length / 2])
    assert.equal(await refusal(whole.subarray(0, length)), 'refused', `${length} bytes`);
  assert.equal(await refusal(randomBytes(50_000)), 'refused');
  assert.equal(await refusal(Buffer.alloc(50_000)), 'refused');
  assert.equal(await refusal(whole), 2_000);
  assert.equal(await refusal(new Uint8Array()), 0, 'an empty file is a new journal');
});

test('nobody else reads a data folder', async (t) => {
  const outside = temporaryFolder(t);
  chmodSync(outside, 0o755);
  const folder = path.join(outside, 'data');
  const engine = await openEngine(t, folder);
  await engine.instruments.follow({
    feed: 'f',
    symbol: 'EURUSD',
    base: '1h',
    tenantId: 'acme',
    timeframe: '1h',
  });
  await engine.stored();
  const modes = (): [string, number, boolean, number][] =>
    ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].flatMap((name) => {
      const found = statSync(path.join(folder, name), { throwIfNoEntry: false });
      return found === undefined ? [] : [[name, found.mode & 0o777, found.isDirectory(), found.gid]];
    });
  const open = modes().filter(([name, mode, isDirectory, gid]) => {
    // Root's own PostgreSQL runs as nobody, and passes through these two.
    const passed = isRoot && ['', 'postgres'].includes(name) && gid === NOBODY ? 0o010 : 0;
    return (mode & 0o077 & ~passed) !== 0 || (!isDirectory && (mode & 0o111) !== 0);
  });
  assert.deepEqual(
    open.map(([name, mode]) => `${name} ${mode.toString(8)}`),
    [],
  );
  assert.ok(modes().length > 100);
  await engine.stop();

  // One that was made open is closed; another's folder that only has something in it is left as it is.
  chmodSync(folder, 0o755);
  DataFolder.open(folder).release();
  assert.equal(statSync(folder).mode & 0o007, 0);
  const home = path.join(outside, 'home');
  mkdirSync(home);
  chmodSync(home, 0o755);
  writeFileSync(path.join(home, 'letter'), '');
  DataFolder.open(home).release();
  assert.equal(statSync(home).mode & 0o777, 0o755);
});

test('on a full disk a start ends with one sentence, and starts again once there is room', async (t) => {
  const mount = temporaryFolder(t);
  const mounted = isRoot ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', mount]) : undefined;
  if (mounted?.status !== 0) {
    t.skip('NOT TESTED: this user may not mount a small disk');
    return;
  }
  afterTest(t, () => spawnSync('umount', ['-l', mount]));
  const data = path.join(mount, 'data');
  const filler = path.join(mount, 'filler');
  const fillAllBut = (megabytes: number): void => {
    spawnSync('rm', ['-f', filler]);
    spawnSync('fallocate', ['-l', `${160 - megabytes}m`, filler]);
  };
  // From no byte at all to what lets each of the stores fail in turn.
  for (const megabytes of [0, 1, 20, 34, 50, 70]) {
    fillAllBut(megabytes);
    spawnSync('rm', ['-rf', data]);
    const { code, stderr } = await runCommand(['sql', 'predictions', 'SELECT 1', '--data', data]);
    assert.notEqual(code, 0, `${megabytes} MB`);
    assert.doesNotMatch(stderr, /\n\s+at /, stderr);
    const started = await runCommand(replayOf(temporaryFolder(t), data));
    const said = `${megabytes} MB: ${started.code} ${started.stderr}`;
    if (started.code === 0) {
      assert.ok(megabytes > 34, said);
      continue;
    }
    assert.ok(started.code === 1 || started.code === 2, said);
    assert.equal(started.stderr.trim().split('\n').length, 2, said);
    assert.match(started.stderr, /\nsuho: .* is full/, said);
  }
  spawnSync('rm', ['-f', filler]);
  const again = await runCommand(['keys', 'list', '--data', data]);
  assert.equal(again.code, 0, again.stderr);
});
