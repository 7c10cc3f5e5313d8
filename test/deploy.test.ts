import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadConfig } from '../engine/config.js';

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
}

test('deploy/compose.yaml parses, pins every image, binds loopback, and names settings and files that exist', () => {
  const text = readFileSync(path.join(DEPLOY, 'compose.yaml'), 'utf8');
  const { services, volumes } = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: object;
  };
  assert.deepEqual(Object.keys(services).sort(), [
    'clickhouse',
    'minio',
    'nats',
    'redis',
    'suho',
    'timescaledb',
    'weaviate',
  ]);
  for (const [name, service] of Object.entries(services)) {
    assert.match(service.image, /:[\w.-]*\d[\w.-]*$/, `${name} is pinned`);
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, name);
    for (const volume of service.volumes ?? []) {
      const [from = ''] = volume.split(':');
      if (from.startsWith('.')) assert.ok(existsSync(path.join(DEPLOY, from)), from);
      else assert.ok(from in volumes, from);
    }
  }
  // What the engine is told must be settings, of the right kind.
  const example = readFileSync(path.join(DEPLOY, '.env.example'), 'utf8');
  const secrets = [...text.matchAll(/\$\{(\w+):\?\}/g)].map(([, name]) => name!);
  for (const name of secrets) assert.match(example, new RegExp(`^${name}=$`, 'm'));
  const environment = Object.fromEntries(
    Object.entries(services['suho']!.environment!).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{\w+:\?\}/g, 'secret'),
    ]),
  );
  const config = loadConfig(undefined, environment);
  assert.equal(config.postgres.url, 'postgresql://suho_login:secret@timescaledb:5432/suho');
  assert.equal(config.redis.url, 'redis://:secret@redis:6379');
  assert.equal(config.artifacts.accessKeyId, 'suho');
  const broker = readFileSync(path.join(DEPLOY, 'nats.conf'), 'utf8');
  assert.ok(
    broker.includes(`subscribe: [ "${config.nats.inboxPrefix}.>" ]`),
    'the engine may hear its answers',
  );
});

test('a password of digits stays text, and an unknown setting is named', () => {
  const config = loadConfig(undefined, { SUHO_CLICKHOUSE_PASSWORD: '0012', SUHO_GRPC_PORT: '7000' });
  assert.equal(config.clickhouse.password, '0012');
  assert.equal(config.grpc.port, 7_000);
  assert.throws(() => loadConfig(undefined, { SUHO_NATS_ULR: 'x' }), /SUHO_NATS_ULR/);
  assert.throws(() => loadConfig(undefined, { SUHO_NATS_URL: 'http://x' }), /nats\.url/);
});
