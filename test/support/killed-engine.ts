import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import type { TestContext } from 'node:test';
import { afterTest } from './cleanup.js';
import { startCommand } from './command.js';
import { TestClient } from './served.js';

/** The real `suho start` on a data folder, killed and started again at will. */
export class KilledEngine {
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #client: TestClient | undefined;
  /** Milliseconds from each spawn to serving, of the starts that came so far. */
  readonly startMs: number[] = [];

  constructor(t: TestContext, args: readonly string[]) {
    this.#args = ['start', '--port', '0', '--no-simulator', ...args];
    afterTest(t, () => {
      this.#client?.close();
      this.#child?.kill('SIGKILL');
    });
  }

  /** A client of the process that serves now. */
  readonly reach = (): TestClient | undefined => this.#client;

  /** Its process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts a process; settles when it serves or was killed before. Rejects when it ended by itself. */
  async start(): Promise<void> {
    const child = startCommand(this.#args);
    const began = performance.now();
    this.#child = child;
    let output = '';
    await new Promise<void>((resolve, reject) => {
      const read = (text: Buffer): void => {
        output += text.toString();
        const port = /serving gRPC on [\d.]+:(\d+)/.exec(output)?.[1];
        if (port === undefined || this.#client !== undefined || this.#child !== child) return;
        this.startMs.push(performance.now() - began);
        this.#client = new TestClient(Number(port));
        resolve();
      };
      child.stdout!.on('data', read);
      child.stderr!.on('data', read);
      child.once('close', (code, signal) => {
        if (signal === 'SIGKILL') resolve();
        else reject(new Error(`a start ended with ${code}: ${output}`));
      });
    });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    assert.equal(await this.#end('SIGTERM'), 0);
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child!;
    this.#client?.close();
    this.#client = undefined;
    this.#child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.kill(signal);
    return await ended;
  }
}
