// The tutorial docs/python-client.md as its reader follows it: its file written, its commands run, in their order.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { definition } from '../support/api.js';
import { hash } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';
import { linesOf } from '../support/reader.js';
import { serve } from '../support/served.js';
import { startTutorialEngine } from '../support/tutorial-engine.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = 'docs/python-client.md';
const MINUTES_10 = 600_000;
const run = promisify(execFile);

/** Why there is no Python client here; false where there can be one. */
function missingPython(): string | false {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-python-'));
  try {
    const venv = path.join(folder, 'venv');
    if (spawnSync('python3', ['-m', 'venv', venv]).status !== 0)
      return 'SKIPPED: Python with venv is not installed (apt install python3-venv)';
    const wanted = ['download', '--quiet', '--no-deps', '--dest', folder, 'grpcio-status'];
    const { status } = spawnSync(path.join(venv, 'bin', 'pip'), wanted, { timeout: 120_000 });
    return status !== 0 && 'SKIPPED: pip cannot get packages here';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the commands of the tutorial that a pattern finds; gives what the last one wrote. */
async function type(folder: string, pattern: RegExp): Promise<string> {
  const commands = linesOf(PAGE).filter(({ line }) => pattern.test(line));
  assert.ok(commands.length > 0);
  let said = '';
  for (const { line } of commands)
    said = (await run('bash', ['-c', line], { cwd: folder, timeout: MINUTES_10 })).stdout;
  return said;
}

const skip = missingPython();

test(
  'every command of the Python tutorial does what it says, to a signal of the client’s own bars',
  { skip },
  async (t) => {
    const folder = temporaryFolder(t);
    const { address } = await startTutorialEngine(t, folder);
    cpSync(path.join(ROOT, 'proto'), path.join(folder, 'proto'), { recursive: true });
    const bars = inventedBars(900, { seed: 7, momentum: 0.7 });
    writeFileSync(path.join(folder, 'EURUSD_h1.csv'), toCsv(bars));
    const [, program] = /^```python\n([\s\S]*?)^```$/m.exec(readFileSync(path.join(ROOT, PAGE), 'utf8'))!;
    assert.ok(program!.includes('"127.0.0.1:50051"'));
    writeFileSync(path.join(folder, 'publish_bars.py'), program!.replace('127.0.0.1:50051', address));

    const said = await type(folder, /^(python3|venv|PYTHONPATH)/);
    const signals = said
      .split('\n')
      .filter((line) => /^\d+ DIRECTION_(LONG|SHORT|FLAT) 0\.\d{3} /.test(line));
    assert.ok(signals.length >= 15, said);
    assert.doesNotMatch(said, /not taken/);
    assert.ok(Number(signals.at(-1)!.split(' ')[0]) <= bars.at(-1)!.openTime);
  },
);

test(
  'a client of another gRPC reads reasons, fields, waits and the health of every service; compresses, and keeps its deadline',
  { skip },
  async (t) => {
    const folder = temporaryFolder(t);
    const engine = await openEngine(t, temporaryFolder(t), {
      tenants: [
        {
          id: 'acme',
          apiKeySha256: [{ sha256: hash('key-a'), role: 'trader' as const }],
          quotas: { instruments: 1, callsPerSecond: 20 },
        },
      ],
    });
    const { port } = await serve(t, engine);
    cpSync(path.join(ROOT, 'proto'), path.join(folder, 'proto'), { recursive: true });
    await type(folder, /^(python3|venv)/);
    await run('venv/bin/pip', ['install', 'grpcio-status', 'grpcio-health-checking'], { cwd: folder });
    const services = Object.keys(definition).filter((name) => /^suho\.v1\.\w+Service$/.test(name));
    assert.ok(services.length >= 10, services.join());
    const script = path.join(ROOT, 'test', 'data', 'api', 'other_client.py');
    const args = [script, `127.0.0.1:${port}`, 'key-a', folder, services.join()];
    const { stdout } = await run('venv/bin/python', args, { cwd: folder, timeout: MINUTES_10 });
    const seen = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
    for (const name of ['', 'readiness', 'liveness', ...services])
      assert.equal(seen['health']![name], 'SERVING', name);
    const told = (name: string): unknown[] => {
      const { code, reason, field, metadata } = seen[name]!;
      return [code, reason, field ?? metadata].filter((part) => part !== undefined);
    };
    assert.deepEqual(told('unknown_service').slice(0, 2), ['NOT_FOUND', 'UNKNOWN_SERVICE']);
    assert.deepEqual([seen['gzip'], seen['deflate']], [1_000, 1_000]);
    assert.deepEqual(told('no_key').slice(0, 2), ['UNAUTHENTICATED', 'CREDENTIAL_MISSING']);
    assert.deepEqual(told('wrong_key').slice(0, 2), ['UNAUTHENTICATED', 'CREDENTIAL_UNKNOWN']);
    assert.deepEqual(told('wrong_field'), ['INVALID_ARGUMENT', 'INVALID_FIELD', 'timeframe']);
    assert.deepEqual(told('role'), [
      'PERMISSION_DENIED',
      'ROLE_TOO_LOW',
      { needed_role: 'operator', role: 'trader' },
    ]);
    assert.deepEqual(told('quota'), [
      'RESOURCE_EXHAUSTED',
      'QUOTA_EXCEEDED',
      { quota: 'instruments', limit: '1' },
    ]);
    assert.equal(seen['quota']!['retry'], undefined, 'waiting alone does not help');
    assert.deepEqual(told('too_large'), ['RESOURCE_EXHAUSTED']);
    assert.deepEqual(told('cursor'), ['OUT_OF_RANGE', 'CURSOR_AHEAD', { resume_after: '0' }]);
    assert.deepEqual(told('deadline'), ['DEADLINE_EXCEEDED']);
    assert.deepEqual(told('rate'), [
      'RESOURCE_EXHAUSTED',
      'RATE_LIMITED',
      { quota: 'callsPerSecond', limit: '20' },
    ]);
    const wait = Number(seen['rate']!['retry']);
    assert.ok(wait > 0 && wait <= 1_000, String(wait));
  },
);
