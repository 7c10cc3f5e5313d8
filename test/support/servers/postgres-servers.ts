import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { freePort } from './ports.js';
import { SpawnedServer, type Recipe, type TestServer } from './spawned-server.js';

const NOBODY = 65_534;

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
export function postgresBinaries(): string | undefined {
  const known = ['18', '17', '16', '15', '14'].map((version) => `/usr/lib/postgresql/${version}/bin`);
  return known.find((folder) => existsSync(path.join(folder, 'initdb')));
}

export async function postgresql(folder: string): Promise<TestServer> {
  const bin = postgresBinaries()!;
  const port = await freePort();
  const cluster = path.join(folder, 'cluster');
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, 'admin-secret\n');
  // Whatever the umask of this process is by now.
  chmodSync(passwordFile, 0o644);
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
export const TIMESCALE_ROOT = process.env['SUHO_TEST_TIMESCALE_ROOT'] ?? '/opt/suho-timescale';

export async function timescaledb(folder: string): Promise<TestServer> {
  const bin = '/usr/lib/postgresql/17/bin';
  const port = await freePort();
  const inside = `/var/tmp/suho-${path.basename(folder)}`;
  const outside = path.join(TIMESCALE_ROOT, inside);
  mkdirSync(outside, { mode: 0o700 });
  const passwordFile = path.join(TIMESCALE_ROOT, `${inside}.password`);
  writeFileSync(passwordFile, 'admin-secret\n');
  // Whatever the umask of this process is by now.
  chmodSync(passwordFile, 0o644);
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
