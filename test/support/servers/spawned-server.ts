import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

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

const READY_MS = 60_000;
const START_WAIT_MS = 50;

/** Where a program is: in the path, or where Go puts what it installs. */
export function programOf(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), path.join(homedir(), 'go', 'bin')];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}

export interface Recipe {
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

export class SpawnedServer implements TestServer {
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
