import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterTest } from './cleanup.js';

/** A real server of our own on loopback, in a folder of its own: started, stopped, killed and started again. */
export interface TestServer {
  readonly name: string;
  readonly port: number;
  readonly folder: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Sends it a signal that does not end it. */
  signal(signal: NodeJS.Signals): void;
  discard(): void;
}

export type ServerName = 'clickhouse' | 'postgresql' | 'timescaledb' | 'redis' | 'nats' | 'weaviate' | 's3';

const READY_MS = 60_000;
const START_WAIT_MS = 50;
const NOBODY = 65_534;

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * The first of some ports in a row that nobody listens on, from below those that outgoing connections get: one of
 * a server that is down for a moment must not be taken meanwhile.
 */
async function freePort(count = 1): Promise<number> {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * 20_000);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
}

/** Where a program is: in the path, or where Go puts what it installs. */
function programOf(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), path.join(homedir(), 'go', 'bin')];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}

interface Recipe {
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly ids?: { readonly uid: number; readonly gid: number };
  readonly signal?: NodeJS.Signals;
  /** How it is killed, SIGKILL unless its children would stay behind. */
  readonly killSignal?: NodeJS.Signals;
  /** Clears away what lies outside the server's folder. */
  readonly discard?: () => void;
  /** Answers once the server does. */
  readonly ready: () => Promise<void>;
}

class SpawnedServer implements TestServer {
  readonly name: string;
  readonly port: number;
  readonly folder: string;
  readonly #recipe: Recipe;
  #child: ChildProcess | undefined;

  constructor(name: string, port: number, folder: string, recipe: Recipe) {
    this.name = name;
    this.port = port;
    this.folder = folder;
    this.#recipe = recipe;
  }

  async start(): Promise<void> {
    const { command, env, ids, ready } = this.#recipe;
    const log = openSync(path.join(this.folder, 'log'), 'a');
    const child = spawn(command[0]!, command.slice(1), {
      ...ids,
      cwd: '/',
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    });
    this.#child = child;
    const end = Date.now() + READY_MS;
    for (;;) {
      try {
        await ready();
        return;
      } catch (error) {
        if (Date.now() > end || child.exitCode !== null) {
          const said = readFileSync(path.join(this.folder, 'log'), 'utf8').slice(-2_000);
          throw new Error(`${this.name} does not start:\n${said}`, { cause: error });
        }
        await sleep(START_WAIT_MS);
      }
    }
  }

  async stop(): Promise<void> {
    await this.#end(this.#recipe.signal ?? 'SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end(this.#recipe.killSignal ?? 'SIGKILL');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  discard(): void {
    this.#recipe.discard?.();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
  }
}

async function httpReady(url: string): Promise<void> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
}

async function tcpReady(port: number): Promise<void> {
  const { connect } = await import('node:net');
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.end();
      resolve();
    });
    socket.once('error', reject);
  });
}

async function postgresReady(port: number): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl(port), connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Login of a server's administrator. */
export function adminUrl(port: number, database = 'postgres'): string {
  return `postgresql://suho:admin-secret@127.0.0.1:${port}/${database}`;
}

/** Login of an engine: no superuser, owner of nothing. */
export function engineUrl(port: number, database = 'postgres'): string {
  return `postgresql://suho_login:engine-secret@127.0.0.1:${port}/${database}`;
}

/** Makes the engine's login, which may act as the engine's role and no more. The schemas must be applied. */
export async function makeEngineLogin(port: number, database = 'postgres'): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl(port, database) });
  await client.connect();
  try {
    await client.query(
      `DO $$ BEGIN CREATE ROLE suho_login LOGIN NOINHERIT PASSWORD 'engine-secret'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    );
    await client.query('GRANT suho_engine TO suho_login');
  } finally {
    await client.end();
  }
}

function initialise(initdb: readonly string[], cluster: string, ids: Recipe['ids']): void {
  const result = spawnSync(initdb[0]!, initdb.slice(1), { ...ids, encoding: 'utf8', cwd: '/' });
  if (result.status !== 0) throw new Error(`initdb in ${cluster}: ${result.stderr}`);
}

/** The newest PostgreSQL that is installed. */
function postgresBinaries(): string | undefined {
  const known = ['18', '17', '16', '15', '14'].map((version) => `/usr/lib/postgresql/${version}/bin`);
  return known.find((folder) => existsSync(path.join(folder, 'initdb')));
}

async function postgresql(folder: string): Promise<TestServer> {
  const bin = postgresBinaries()!;
  const port = await freePort();
  const cluster = path.join(folder, 'cluster');
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, 'admin-secret\n', { mode: 0o644 });
  mkdirSync(cluster, { mode: 0o700 });
  const ids = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
  if (ids !== undefined) for (const room of [folder, cluster]) chownSync(room, ids.uid, ids.gid);
  initialise(
    [
      path.join(bin, 'initdb'),
      '-D',
      cluster,
      '-U',
      'suho',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-N',
    ],
    cluster,
    ids,
  );
  return new SpawnedServer('postgresql', port, folder, {
    command:
      `${bin}/postgres -D ${cluster} -p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=`.split(
        ' ',
      ),
    ...(ids === undefined ? {} : { ids }),
    signal: 'SIGINT',
    killSignal: 'SIGQUIT',
    ready: async () => await postgresReady(port),
  });
}

/** A Debian root with postgresql-17-timescaledb in it, entered with chroot. */
const TIMESCALE_ROOT = process.env['SUHO_TEST_TIMESCALE_ROOT'] ?? '/opt/suho-timescale';

async function timescaledb(folder: string): Promise<TestServer> {
  const bin = '/usr/lib/postgresql/17/bin';
  const port = await freePort();
  const inside = `/var/tmp/suho-${path.basename(folder)}`;
  const outside = path.join(TIMESCALE_ROOT, inside);
  mkdirSync(outside, { mode: 0o700 });
  const passwordFile = path.join(TIMESCALE_ROOT, `${inside}.password`);
  writeFileSync(passwordFile, 'admin-secret\n', { mode: 0o644 });
  const asPostgres = ['chroot', '--userspec=postgres:postgres', TIMESCALE_ROOT];
  spawnSync('chroot', [TIMESCALE_ROOT, 'chown', 'postgres:postgres', inside]);
  initialise(
    [
      ...asPostgres,
      `${bin}/initdb`,
      '-D',
      inside,
      '-U',
      'suho',
      '-A',
      'scram-sha-256',
      `--pwfile=${inside}.password`,
      '-N',
      '--locale=C.UTF-8',
    ],
    inside,
    undefined,
  );
  const settings = `-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_preload_libraries=timescaledb -c timescaledb.telemetry_level=off -c dynamic_shared_memory_type=mmap`;
  const server = new SpawnedServer('timescaledb', port, folder, {
    command: [...asPostgres, ...`${bin}/postgres -D ${inside} -p ${port} ${settings}`.split(' ')],
    signal: 'SIGINT',
    killSignal: 'SIGQUIT',
    discard: () => {
      rmSync(outside, { recursive: true, force: true });
      rmSync(passwordFile, { force: true });
    },
    ready: async () => await postgresReady(port),
  });
  return server;
}

async function redis(folder: string): Promise<TestServer> {
  const program = (programOf('redis-server') ?? programOf('valkey-server'))!;
  const port = await freePort();
  return new SpawnedServer('redis', port, folder, {
    command: [program, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ready: async () => await tcpReady(port),
  });
}

const NATS_CONF = fileURLToPath(new URL('../../../deploy/nats.conf', import.meta.url));

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

async function nats(folder: string): Promise<TestServer> {
  const program = programOf('nats-server')!;
  const port = await freePort();
  const config = path.join(folder, 'nats.conf');
  writeFileSync(config, natsConfig(port, folder));
  return new SpawnedServer('nats', port, folder, {
    command: [program, '-c', config],
    ready: async () => await tcpReady(port),
  });
}

async function weaviate(folder: string): Promise<TestServer> {
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

async function s3(folder: string): Promise<TestServer> {
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

const FRONT = fileURLToPath(new URL('clickhouse-http-front.js', import.meta.url));

/** Not a ClickHouse server, which cannot be had everywhere: its HTTP interface over the real engine (chdb). */
async function clickhouse(folder: string): Promise<TestServer> {
  const port = await freePort();
  return new SpawnedServer('clickhouse', port, folder, {
    command: [process.execPath, FRONT, String(port), path.join(folder, 'data')],
    ready: async () => await httpReady(`http://127.0.0.1:${port}/ping`),
  });
}

const MAKERS: Readonly<Record<ServerName, (folder: string) => Promise<TestServer>>> = {
  clickhouse,
  postgresql,
  timescaledb,
  redis,
  nats,
  weaviate,
  s3,
};

function isTimescaleThere(): boolean {
  return existsSync(path.join(TIMESCALE_ROOT, 'usr/lib/postgresql/17/bin/postgres'));
}

/** For each server: whether it is installed, and what to do when it is not. */
const INSTALLED: Readonly<Record<ServerName, readonly [() => boolean, string]>> = {
  clickhouse: [() => true, ''],
  postgresql: [
    () => postgresBinaries() !== undefined,
    'PostgreSQL is not installed (apt-get install postgresql)',
  ],
  timescaledb: [
    () => isTimescaleThere() && process.getuid?.() === 0,
    `TimescaleDB is not at ${TIMESCALE_ROOT} (debootstrap --variant=minbase --include=postgresql-17,postgresql-17-timescaledb trixie ${TIMESCALE_ROOT}), or this is not root, who alone may enter it`,
  ],
  redis: [
    () => programOf('redis-server') !== undefined || programOf('valkey-server') !== undefined,
    'Redis is not installed (apt-get install redis-server)',
  ],
  nats: [
    () => programOf('nats-server') !== undefined,
    'NATS is not installed (go install github.com/nats-io/nats-server/v2@v2.12.8)',
  ],
  weaviate: [
    () => programOf('weaviate-server') !== undefined,
    'Weaviate is not installed (go install github.com/weaviate/weaviate/cmd/weaviate-server@v1.39.0)',
  ],
  s3: [
    () => programOf('minio') !== undefined,
    'MinIO is not installed (go install github.com/minio/minio@latest)',
  ],
};

/** What to do to have a server; undefined when it is installed. */
export function missingServer(name: ServerName): string | undefined {
  const known = INSTALLED[name];
  if (known === undefined) return `There is no server "${name}" (${Object.keys(INSTALLED).join(', ')})`;
  const [isInstalled, advice] = known;
  return isInstalled() ? undefined : advice;
}

/** Starts a real server; says what is missing where it is not installed. Whoever starts it ends it with {@link endServer}. */
export async function launchServer(name: ServerName): Promise<TestServer | string> {
  const missing = missingServer(name);
  if (missing !== undefined) return missing;
  const folder = mkdtempSync(path.join(tmpdir(), `suho-${name}-${randomBytes(3).toString('hex')}-`));
  const server = await MAKERS[name](folder);
  try {
    await server.start();
    return server;
  } catch (error) {
    await endServer(server);
    throw error;
  }
}

/** Ends a server and clears away all it left. */
export async function endServer(server: TestServer): Promise<void> {
  await server.kill();
  server.discard();
  rmSync(server.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/**
 * Starts a real server for a test, ended with it. Where the program is not installed the test is skipped, saying
 * so: the function answers undefined.
 */
export async function startServer(t: TestContext, name: ServerName): Promise<TestServer | undefined> {
  const server = await launchServer(name);
  if (typeof server === 'string') {
    t.skip(`${name}: ${server}`);
    return undefined;
  }
  afterTest(t, async () => await endServer(server));
  return server;
}
