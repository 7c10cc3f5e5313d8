import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, httpReady, tcpReady } from './ports.js';
import { SpawnedServer, programOf, type TestServer } from './spawned-server.js';

export async function redis(folder: string): Promise<TestServer> {
  const program = (programOf('redis-server') ?? programOf('valkey-server'))!;
  const port = await freePort();
  return new SpawnedServer('redis', port, folder, {
    command: [program, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ready: async () => await tcpReady(port),
  });
}

const NATS_CONF = fileURLToPath(new URL('../../../../deploy/nats.conf', import.meta.url));

/** The shipped configuration with a login that may do anything in the engine's account, and an account for each of two tenants made from its template, in a test's folder. */
export function natsConfig(port: number, folder: string, enginePassword = 'engine-secret'): string {
  const shipped = readFileSync(NATS_CONF, 'utf8')
    .replace('0.0.0.0:4222', `127.0.0.1:${port}`)
    .replace('/data', `"${folder}/jetstream"`)
    .replace('users: [ {', 'users: [ { user: admin, password: admin-secret }, {')
    .replace('$NATS_ENGINE_PASSWORD', enginePassword)
    .replace('$NATS_ACME_PASSWORD', 'acme-secret');
  const start = shipped.indexOf('  # acme {');
  const template = shipped.slice(start, shipped.lastIndexOf('}')).replaceAll(/^ {2}# /gm, '  ');
  return `${shipped.slice(0, start)}${template}${template.replaceAll('acme', 'zen')}}\n`;
}

export async function nats(folder: string): Promise<TestServer> {
  const program = programOf('nats-server')!;
  const port = await freePort();
  const config = path.join(folder, 'nats.conf');
  writeFileSync(config, natsConfig(port, folder));
  return new SpawnedServer('nats', port, folder, {
    command: [program, '-c', config],
    ready: async () => await tcpReady(port),
  });
}

export async function weaviate(folder: string): Promise<TestServer> {
  const program = programOf('weaviate-server')!;
  const port = await freePort();
  const env: NodeJS.ProcessEnv = {
    PERSISTENCE_DATA_PATH: path.join(folder, 'data'),
    AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'true',
    DEFAULT_VECTORIZER_MODULE: 'none',
    CLUSTER_HOSTNAME: 'node1',
    CLUSTER_IN_LOCALHOST: 'true',
    RAFT_BOOTSTRAP_EXPECT: '1',
    DISABLE_TELEMETRY: 'true',
    OBJECTS_TTL_DELETE_SCHEDULE: '@every 1m',
  };
  // Its own ports, which must follow each other: it reckons its peers' from the first.
  const first = await freePort(6);
  [
    'CLUSTER_GOSSIP_BIND_PORT',
    'CLUSTER_DATA_BIND_PORT',
    'RAFT_PORT',
    'RAFT_INTERNAL_RPC_PORT',
    'GRPC_PORT',
    'GO_PROFILING_PORT',
  ].forEach((name, i) => (env[name] = String(first + i)));
  return new SpawnedServer('weaviate', port, folder, {
    command: [program, '--host', '127.0.0.1', '--port', String(port), '--scheme', 'http'],
    env,
    ready: async () => await httpReady(`http://127.0.0.1:${port}/v1/.well-known/ready`),
  });
}

export async function s3(folder: string): Promise<TestServer> {
  const program = programOf('minio')!;
  const port = await freePort();
  const data = path.join(folder, 'data');
  // A folder of the data folder is a bucket.
  mkdirSync(path.join(data, 'models'), { recursive: true });
  return new SpawnedServer('s3', port, folder, {
    command: [
      program,
      'server',
      data,
      '--address',
      `127.0.0.1:${port}`,
      '--console-address',
      `127.0.0.1:${await freePort()}`,
    ],
    env: { MINIO_ROOT_USER: 'suho', MINIO_ROOT_PASSWORD: 's3-secret-0123' },
    ready: async () => await httpReady(`http://127.0.0.1:${port}/minio/health/live`),
  });
}

const FRONT = fileURLToPath(new URL('../clickhouse-http-front.js', import.meta.url));

/** Not a ClickHouse server, which cannot be had everywhere: its HTTP interface over the real engine (chdb). */
export async function clickhouse(folder: string): Promise<TestServer> {
  const port = await freePort();
  return new SpawnedServer('clickhouse', port, folder, {
    command: [process.execPath, FRONT, String(port), path.join(folder, 'data')],
    ready: async () => await httpReady(`http://127.0.0.1:${port}/ping`),
  });
}
