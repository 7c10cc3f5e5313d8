// The commands that look after stores, against real servers and with wrong passwords.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import type { ConfigInput } from '../../engine/config.js';
import type { Finding } from '../../engine/ops/doctor.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { adminUrl, engineUrl, makeEngineLogin, startServer, type ServerName } from '../support/servers.js';

test('schema apply and doctor: from empty servers to all well, and every wrong password said without telling it', async (t) => {
  const ports = new Map<ServerName, number>();
  for (const name of ['clickhouse', 'timescaledb', 'redis', 'nats', 'weaviate', 's3'] as const) {
    const server = await startServer(t, name);
    if (server === undefined) return;
    ports.set(name, server.port);
  }
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'suho.config.json');
  const write = (secret: string, postgres: ConfigInput['postgres']): void => {
    const config: ConfigInput = {
      clickhouse: {
        url: `http://127.0.0.1:${ports.get('clickhouse')}`,
        username: 'suho',
        password: `clickhouse-${secret}`,
      },
      postgres,
      weaviate: { url: `http://127.0.0.1:${ports.get('weaviate')}` },
      nats: {
        url: `nats://127.0.0.1:${ports.get('nats')}`,
        username: 'engine',
        password: `engine-${secret}`,
        inboxPrefix: '_INBOX_engine',
      },
      redis: { url: `redis://127.0.0.1:${ports.get('redis')}` },
      artifacts: {
        uri: 's3://models/suho',
        endpoint: `http://127.0.0.1:${ports.get('s3')}`,
        accessKeyId: 'suho',
        secretAccessKey: `s3-${secret}-0123`,
      },
    };
    writeFileSync(file, JSON.stringify(config));
  };
  const place = ['--config', file, '--data', path.join(folder, 'data')];
  const doctor = async (): Promise<{ code: number | null; findings: Finding[]; text: string }> => {
    const { code, stdout, stderr } = await runCommand(['doctor', '--json', ...place]);
    return { code, findings: JSON.parse(stdout) as Finding[], text: stdout + stderr };
  };
  const states = (findings: readonly Finding[]): Record<string, string> =>
    Object.fromEntries(findings.map(({ part, state }) => [part, state]));

  const database = ports.get('timescaledb')!;
  const postgres = { url: engineUrl(database), adminUrl: adminUrl(database) };
  write('secret', { url: adminUrl(database) });
  const empty = await doctor();
  assert.equal(empty.code, 1);
  assert.match(JSON.stringify(empty.findings), /Run suho schema apply/);
  const before = await runCommand(['schema', 'status', ...place]);
  assert.equal(before.code, 1);

  write('secret', postgres);
  const [first, second] = await Promise.all([
    runCommand(['schema', 'apply', '--json', ...place]),
    runCommand(['schema', 'apply', '--json', ...place]),
  ]);
  assert.deepEqual([first.code, second.code], [0, 0], first.stderr + second.stderr);
  assert.equal((await runCommand(['schema', 'status', ...place])).code, 0);
  const again = await runCommand(['schema', 'apply', ...place]);
  assert.match(again.stdout, /all schemas are already applied/);
  await makeEngineLogin(database);
  const well = await doctor();
  assert.equal(well.code, 0, well.text);
  assert.deepEqual(new Set(Object.values(states(well.findings))), new Set(['ok']), well.text);

  write('wrong', { url: engineUrl(database).replace('engine-secret', 'engine-wrong') });
  const wrong = await doctor();
  assert.equal(wrong.code, 1);
  const found = states(wrong.findings);
  for (const part of ['ClickHouse', 'PostgreSQL', 'NATS', 'S3'])
    assert.equal(found[part], 'failed', wrong.text);
  for (const { state, advice } of wrong.findings) if (state === 'failed') assert.match(advice, /password/);
  assert.doesNotMatch(wrong.text, /-wrong/, 'no password is told');

  // A login that may not act as the engine.
  const client = new pg.Client(adminUrl(database));
  await client.connect();
  await client.query(`CREATE ROLE nobody LOGIN PASSWORD 'x'`);
  await client.end();
  write('secret', { url: `postgresql://nobody:x@127.0.0.1:${database}/postgres` });
  const { findings } = await doctor();
  assert.match(
    findings.find(({ part }) => part === 'PostgreSQL')!.advice,
    /GRANT suho_engine TO|schema apply/,
  );
});
