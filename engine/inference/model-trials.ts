import { fork, type ChildProcess } from 'node:child_process';
import { SuhoError } from '../errors.js';
import type { ModelPair } from './to-worker.js';

/** What a trial run found of a pair of models that keeps the contract. */
export interface TrialReport {
  /** Whether every row came out bit for bit the same in batches of all sizes that were tried. */
  readonly batchInvariant: boolean;
  /** Version of the sequence channels that the predictor takes; absent when it takes none. */
  readonly sequenceVersion?: string;
}

/** What goes into the trial process. */
export interface ToTrial {
  readonly pair: ModelPair;
  readonly limits: TrialLimits;
}

/** What comes out of it. */
export type FromTrial =
  | ({ readonly kind: 'passed' } & TrialReport)
  | { readonly kind: 'failed' | 'out of time'; readonly message: string };

export interface TrialLimits {
  /** CPU time that a pair may take to open and run 65 times, in milliseconds: on a busy machine a good one waits for long. */
  readonly cpuMs: number;
  /** How long it may take altogether. One that takes longer is no bad model for it. */
  readonly patienceMs: number;
  /** Memory the process may have beyond three times the size of the files. */
  readonly megabytes: number;
}

const LIMITS: TrialLimits = { cpuMs: 30_000, patienceMs: 120_000, megabytes: 1024 };
/** How long the process waits for another pair. */
const IDLE_MS = 5_000;
/** How long the process has to say which limit was passed before it is ended from outside. */
const GRACE_MS = 2_000;

interface Pending {
  readonly resolve: (answer: FromTrial) => void;
}

/**
 * Tries models that nobody has vouched for in a process of its own. A hostile or broken file can hang, crash or
 * swallow memory in native code, where a worker thread cannot be ended and its `resourceLimits` do not reach;
 * a process can be killed. Bounded are: the CPU time and the time (killed at the limit), the resident memory (looked at every 20 ms,
 * so it is passed by what is allocated meanwhile), the environment (none of it is handed on) and, in the file
 * itself, what it may refer to. Not bounded: what native code may do with the rights of the engine's user.
 */
export class ModelTrials {
  readonly #limits: TrialLimits;
  #child: ChildProcess | undefined;
  #pending: Pending | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(limits: TrialLimits = LIMITS) {
    this.#limits = limits;
  }

  /**
   * Opens and runs a pair of models, one pair after the other. Throws `BAD_MODEL` with what is wrong with it, `DEADLINE` when
   * the machine was too busy to say.
   */
  async run(pair: ModelPair): Promise<TrialReport> {
    const trial = this.#turn.then(async () => await this.#try(pair));
    this.#turn = trial.catch(() => undefined);
    const answer = await trial;
    if (answer.kind !== 'passed')
      throw new SuhoError(answer.kind === 'failed' ? 'BAD_MODEL' : 'DEADLINE', answer.message);
    const { batchInvariant, sequenceVersion } = answer;
    return { batchInvariant, ...(sequenceVersion === undefined ? {} : { sequenceVersion }) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#child?.kill('SIGKILL');
    await this.#turn;
    clearTimeout(this.#idle);
  }

  async #try(pair: ModelPair): Promise<FromTrial> {
    if (this.#closed) throw new SuhoError('STOPPING', 'The engine is stopping.');
    clearTimeout(this.#idle);
    const child = (this.#child ??= this.#start());
    const late = setTimeout(() => child.kill('SIGKILL'), this.#limits.patienceMs + GRACE_MS);
    try {
      return await new Promise<FromTrial>((resolve) => {
        this.#pending = { resolve };
        child.ref();
        child.channel?.ref();
        child.send({ pair, limits: this.#limits } satisfies ToTrial, () => undefined);
      });
    } finally {
      this.#pending = undefined;
      clearTimeout(late);
      child.unref();
      child.channel?.unref();
      this.#idle = setTimeout(() => child.kill('SIGKILL'), IDLE_MS).unref();
    }
  }

  #start(): ChildProcess {
    const child = fork(new URL('./trial-process.js', import.meta.url), {
      env: {},
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let answer: FromTrial | undefined;
    child.on('message', (message: FromTrial) => {
      answer = message;
      // One that failed may have left anything behind: the next pair gets another process, once this one is gone.
      if (message.kind === 'passed') this.#pending?.resolve(message);
      else child.kill('SIGKILL');
    });
    child.on('error', () => child.kill('SIGKILL'));
    child.on('exit', (code, signal) => {
      if (this.#child === child) this.#child = undefined;
      this.#pending?.resolve(
        answer !== undefined && answer.kind !== 'passed'
          ? answer
          : {
              kind: 'failed',
              message: this.#closed
                ? 'The engine is stopping.'
                : `The models end the process that tries them (${signal ?? `exit status ${code}`}).`,
            },
      );
    });
    return child;
  }
}
