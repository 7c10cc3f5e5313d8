import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { ApiServer } from '../../engine/api/server.js';
import { loadConfig, type ConfigInput } from '../../engine/config.js';
import { afterTest } from '../support/cleanup.js';
import { bars } from '../support/api.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { STORES_AWAY, TestClient, codeOf } from '../support/served.js';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const SECRETS = ['key-of-operator-1', 'key-of-trader-2', 'key-that-is-new-3', 'key-of-nobody-4'];
const [OPERATOR, TRADER, NEWCOMER, NOBODY] = SECRETS as [string, string, string, string];

test('an operator drains, reloads and finds it in the audit log; no key is in any log', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(temporaryFolder(t), 'suho.json');
  const acme = {
    id: 'acme',
    apiKeySha256: [
      { sha256: hash(OPERATOR), role: 'operator' as const, user: 'olga' },
      { sha256: hash(TRADER), role: 'trader' as const },
    ],
  };
  const write = (config: ConfigInput): void =>
    writeFileSync(file, JSON.stringify({ ...STORES_AWAY, ...config }));
  write({ tenants: [acme] });
  const read = (): ReturnType<typeof loadConfig> => loadConfig(file, {}, { data: folder, grpc: { port: 0 } });
  const log: string[] = [];
  const engine = await openEngine(t, folder, JSON.parse(readFileSync(file, 'utf8')) as ConfigInput, {
    log: pino({ level: 'trace' }, { write: (line: string) => void log.push(line) }),
  });
  const api = new ApiServer(engine, { simulated: false, read });
  const port = await api.listen();
  afterTest(t, async () => await api.stop());
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  process.env['SUHO_API_KEY'] = OPERATOR;
  afterTest(t, () => void delete process.env['SUHO_API_KEY']);
  const command = async (...args: string[]): ReturnType<typeof runCommand> =>
    await runCommand([...args, '--address', `127.0.0.1:${port}`]);
  const readiness = async (): Promise<string> =>
    (await client.health<{ status: string }>('Check', { service: 'readiness' })).status;

  await client.publish(bars.slice(0, 5), TRADER);
  const open = client.stream({}, TRADER);
  const ended = codeOf(open);
  await new Promise((resolve) => open.once('metadata', resolve));
  const drained = await command('drain', '--wait', '1');
  // The stores are away, so they are behind, and that is said.
  assert.equal(drained.code, 1, drained.stderr);
  assert.match(drained.stdout, /\d+ journal entries are not yet in features/);
  assert.equal(await readiness(), 'NOT_SERVING');
  assert.equal(await codeOf(client.publish(bars.slice(5, 6), TRADER)), 'UNAVAILABLE');
  assert.equal(await codeOf(client.call('EngineService', 'GetHealth', {}, TRADER)), 'OK');
  assert.equal((await command('drain', '--resume')).stdout, 'takes input again\n');
  assert.equal(await readiness(), 'SERVING');
  assert.equal((await client.publish(bars.slice(5, 6), TRADER)).accepted, 1);

  // A key goes, another comes, quotas and gates change; the port needs a restart.
  const gates = { minQualityScore: 0.9 };
  const operator = acme.apiKeySha256[0]!;
  const next = {
    ...acme,
    apiKeySha256: [operator, { sha256: hash(NEWCOMER), role: 'trader' as const }],
    gates,
  };
  write({ tenants: [next, { id: 'zen', quotas: { streams: 3 } }], journal: { maxMegabytes: 100 } });
  assert.equal(await codeOf(client.publish(bars.slice(6, 7), NEWCOMER)), 'UNAVAILABLE', 'not known yet');
  const report = JSON.parse((await command('reload', '--json')).stdout) as Record<string, unknown>;
  assert.deepEqual(report['tenants'], ['acme', 'zen']);
  assert.ok((report['need_restart'] as string[]).includes('journal'));
  assert.equal((await client.publish(bars.slice(6, 7), NEWCOMER)).accepted, 1);
  assert.notEqual(await codeOf(client.publish(bars.slice(7, 8), TRADER)), 'OK', 'its key is gone');
  assert.equal(await ended, 'UNAUTHENTICATED', 'the open stream of a key that is gone ends');
  assert.equal(api.quotas.limitsOf('zen').streams, 3);
  assert.equal(engine.config.tenants[0]!.gates.minQualityScore, 0.9);
  writeFileSync(file, '{"tenants":[{"id":"a b"}]}');
  const wrong = await command('reload');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /FAILED_PRECONDITION.*tenants/);
  assert.equal(
    await codeOf(client.call('EngineService', 'GetHealth', {}, NEWCOMER)),
    'OK',
    'nothing changed',
  );
  assert.notEqual(await codeOf(client.call('OperatorService', 'Drain', {}, NOBODY)), 'OK');
  assert.equal(await codeOf(client.call('OperatorService', 'Drain', {}, NEWCOMER)), 'PERMISSION_DENIED');

  const { stdout } = await runCommand(['audit', '--data', folder, '--json']);
  const entries = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  assert.deepEqual(
    entries.map(({ user, role, action, outcome }) => [user, role, action!.split('/')[2], outcome]),
    [
      ['olga', 'operator', 'Drain', 'OK'],
      ['olga', 'operator', 'Drain', 'OK'],
      ['olga', 'operator', 'ReloadConfig', 'OK'],
      ['olga', 'operator', 'ReloadConfig', 'FAILED_PRECONDITION'],
    ],
  );
  assert.ok(entries.every(({ peer }) => peer!.includes('127.0.0.1')));
  assert.equal(statSync(path.join(folder, 'audit.log')).mode & 0o077, 0);
  assert.ok(log.some((line) => line.includes('an engineer or operator acted')));
  const written = [...log, readFileSync(path.join(folder, 'audit.log'), 'utf8')].join('\n');
  for (const secret of SECRETS) assert.ok(!written.includes(secret), `${secret} is in a log`);
});
