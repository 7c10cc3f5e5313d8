import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ConfigInput } from '../engine/config.js';
import type { CostWindow } from './engine-process.js';
import { HISTORY, SECONDS, SYMBOLS, load, type Latency } from './load.js';

const WARM_UP_LOADS = 3;
const WARM_UP_RATE = 500;

/** One load: what the client saw of it, and what it cost the engine. */
export interface Run {
  readonly latency: Latency;
  readonly window: CostWindow;
}

/** CPU of an engine's threads, all or some, microseconds a bar. */
export function cpuOf(
  { latency, window: { threads } }: Run,
  of: (thread: string) => boolean = () => true,
): number {
  const spent = Object.entries(threads).filter(([thread]) => of(thread));
  return spent.reduce((sum, [, microseconds]) => sum + microseconds, 0) / latency.sent;
}

/** An engine in a process of its own, with the markets of a load, and what is done with it one load after the other. */
export class EngineUnderLoad {
  readonly #process: ChildProcess;
  readonly #port: number;
  /** Address of its console, where it was told to serve it. */
  readonly console: string | undefined;
  #first = HISTORY;

  private constructor(child: ChildProcess, port: number, address: string | undefined) {
    this.#process = child;
    this.console = address;
    this.#port = port;
  }

  /** Starts one and loads it until its code is compiled, so that what is measured later is warm. */
  static async start(config: ConfigInput = {}, ...args: readonly string[]): Promise<EngineUnderLoad> {
    const program = fileURLToPath(new URL('./engine-process.js', import.meta.url));
    const child = fork(program, [JSON.stringify(config), ...args], { execArgv: ['--expose-gc'] });
    const [{ port, console: address }] = (await once(child, 'message')) as [
      { port: number; console?: string },
    ];
    const engine = new EngineUnderLoad(child, port, address);
    for (let i = 0; i < WARM_UP_LOADS; i++) await engine.load(WARM_UP_RATE);
    return engine;
  }

  /** Loads it at a rate; settles when all of it is stored. `collected`: its garbage is collected before its memory is read. */
  async load(rate: number, { seconds = SECONDS, profile = false, collected = false } = {}): Promise<Run> {
    this.#process.send({ kind: 'begin', profile });
    await once(this.#process, 'message');
    const latency = await load(this.#port, rate, this.#first, seconds);
    this.#first += Math.ceil((rate * seconds) / SYMBOLS) + 1;
    this.#process.send({ kind: 'end', collected });
    const [window] = (await once(this.#process, 'message')) as [CostWindow];
    return { latency, window };
  }

  async stop(): Promise<void> {
    this.#process.send({ kind: 'stop' });
    await once(this.#process, 'exit');
  }
}
