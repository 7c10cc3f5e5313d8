import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { afterTest } from '../support/cleanup.js';
import { runCommand, startCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';

/** A port that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A secret for each place that takes one; what is told about a failure could hold any of them. */
const SECRETS = {
  clickhouse: 'clickhouse-Zk3vQ8',
  postgres: 'postgres-Xw7mB2',
  admin: 'postgres-admin-Jd5nT1',
  nats: 'nats-Rr4cL9',
  redis: 'redis-Hy6sF0',
  s3: 's3-Pp2gW5',
  weaviate: 'weaviate-Uu9kD3',
  polygon: 'polygon-Ee1xN7',
  apiKey: 'suho-Qq8zV4-of-a-caller',
};

async function settings(): Promise<Record<string, string>> {
  const port = await closedPort();
  const at = `127.0.0.1:${port}`;
  return {
    SUHO_LOG: 'trace',
    SUHO_CLICKHOUSE_URL: `http://${at}`,
    SUHO_CLICKHOUSE_PASSWORD: SECRETS.clickhouse,
    SUHO_POSTGRES_URL: `postgresql://suho:${SECRETS.postgres}@${at}/suho`,
    SUHO_POSTGRES_ADMIN_URL: `postgresql://admin:${SECRETS.admin}@${at}/suho`,
    SUHO_NATS_URL: `nats://${at}`,
    SUHO_NATS_USERNAME: 'suho',
    SUHO_NATS_PASSWORD: SECRETS.nats,
    SUHO_REDIS_URL: `redis://:${SECRETS.redis}@${at}`,
    SUHO_ARTIFACTS_URI: 's3://models/suho',
    SUHO_ARTIFACTS_ENDPOINT: `http://${at}`,
    SUHO_ARTIFACTS_ACCESS_KEY_ID: 'suho',
    SUHO_ARTIFACTS_SECRET_ACCESS_KEY: SECRETS.s3,
    SUHO_WEAVIATE_URL: `http://${at}`,
    SUHO_WEAVIATE_API_KEY: SECRETS.weaviate,
    SUHO_POLYGON_TICKERS: '["C:EURUSD"]',
    SUHO_POLYGON_REST_URL: `http://${at}`,
    SUHO_POLYGON_WEB_SOCKET_URL: `ws://${at}`,
    POLYGON_API_KEY: SECRETS.polygon,
  };
}

function assertNoSecret(what: string, text: string): void {
  for (const [name, secret] of Object.entries(SECRETS))
    assert.ok(!text.includes(secret), `${what} tells the secret of ${name}`);
}

/** Everything that stands in the files of a folder. */
function textOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

test('with every store away and the log at its most talkative, no secret is told anywhere', async (t) => {
  const folder = temporaryFolder(t);
  const variables = await settings();
  const data = path.join(folder, 'data');
  const engine = startCommand(['start', '--data', data, '--port', '0'], {
    ...variables,
    SUHO_METRICS_PORT: '0',
    SUHO_CONSOLE_PORT: '0',
  });
  let said = '';
  for (const stream of [engine.stdout!, engine.stderr!])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  afterTest(t, () => engine.kill('SIGKILL'));
  const shown = async (pattern: RegExp): Promise<string> => {
    for (let i = 0; i < 6_000; i++) {
      const found = pattern.exec(said)?.[1];
      if (found !== undefined) return found;
      assert.equal(engine.exitCode, null, said);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return assert.fail(`never said ${pattern}: ${said}`);
  };
  const address = await shown(/serving gRPC on (\S+);/);
  const metrics = await shown(/metrics on (\S+)/);
  // Each has failed by then, and has been said.
  await shown(/(Polygon will be connected again)/);
  const wrong = { SUHO_API_KEY: SECRETS.apiKey };
  const status = await runCommand(['status', '--address', address], wrong);
  const health = await runCommand(['status', '--address', address, '--json'], wrong);
  const keys = await runCommand(['signals', '--address', address, '--json'], wrong);
  assertNoSecret('metrics', await (await fetch(metrics)).text());
  const doctor = await runCommand(['doctor', '--data', path.join(folder, 'other')], variables);
  assert.ok(doctor.stdout.split('\n').filter((line) => line.startsWith('FAILED')).length >= 5, doctor.stdout);
  for (const { stdout, stderr } of [status, health, keys, doctor])
    assertNoSecret('a command', stdout + stderr);
  engine.kill('SIGTERM');
  await once(engine, 'close');
  assert.ok(said.includes('"level":40'), 'the log told of failures');
  assertNoSecret('the log', said);
  assertNoSecret('the data folder', textOf(data));
});
