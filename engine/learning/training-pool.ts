import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { SuhoError, messageOf, type ErrorCode } from '../errors.js';
import { THREAD_OPTIONS } from '../worker-threads.js';
import type { History } from './encoder.js';
import type {
  CostedResult,
  EmbeddingJob,
  PostedJob,
  TrainingAnswer,
  TrainingJob,
} from './training-worker.js';

/** Told how far a training is. */
export type TrainingProgress = (done: number, total: number, stage: string) => void;

/** Trains in one worker thread of its own, so that neither the engine nor its inference waits for it. */
export class TrainingPool {
  #pool: Piscina<PostedJob, TrainingAnswer> | undefined;
  readonly #stopped = new Int32Array(new SharedArrayBuffer(4));
  readonly #running = new Set<Promise<TrainingAnswer>>();

  /**
   * Trains for a series. Throws `BAD_INPUT` when there are too few bars, `STOPPING` when the engine stops meanwhile and
   * `TRAINING_FAILED` when the training or its thread fails; nothing of it is left then. `STOPPING` too when `signal`
   * ends it.
   */
  async train(
    seriesId: string,
    job: TrainingJob,
    onProgress?: TrainingProgress,
    signal?: AbortSignal,
  ): Promise<CostedResult> {
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const cancel = (): void => void Atomics.store(cancelled, 0, 1);
    if (signal?.aborted === true) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ([done, total, stage]: [number, number, string]) => onProgress?.(done, total, stage));
    try {
      const posted: PostedJob = { ...job, kind: 'train', port: port2, stopped: this.#stopped, cancelled };
      const answer = await this.#run(`The training for ${seriesId}`, posted, [port2]);
      return (answer as Extract<TrainingAnswer, { kind: 'trained' }>).result;
    } finally {
      signal?.removeEventListener('abort', cancel);
      port1.close();
    }
  }

  /** The moments of a series' bars whose outcome is known, as an encoder embeds them. Throws as {@link train} does. */
  async embed(seriesId: string, job: EmbeddingJob): Promise<History> {
    const answer = await this.#run(`The embedding of ${seriesId}`, { ...job, kind: 'embed' }, []);
    return (answer as Extract<TrainingAnswer, { kind: 'embedded' }>).result;
  }

  /** Worker threads, for tests in which one dies: not by `terminate()`, as in `InferencePool`. */
  get threads(): readonly { postMessage(message: unknown): void }[] {
    return this.#pool?.threads ?? [];
  }

  /** Ends trainings under way at their next step, then the thread. */
  async close(): Promise<void> {
    Atomics.store(this.#stopped, 0, 1);
    await Promise.allSettled(this.#running);
    await this.#pool?.destroy();
  }

  async #run(what: string, job: PostedJob, transferList: MessagePort[]): Promise<TrainingAnswer> {
    if (Atomics.load(this.#stopped, 0) === 1)
      throw new SuhoError('STOPPING', 'The engine is stopping; it trains no more.');
    const run = (this.#pool ??= this.#start()).run(job, { transferList });
    this.#running.add(run);
    try {
      const answer = await run;
      if (answer.kind === 'failed') throw new SuhoError(answer.code as ErrorCode, answer.message);
      return answer;
    } catch (error) {
      if (error instanceof SuhoError) throw error;
      throw new SuhoError(
        'TRAINING_FAILED',
        `${what} failed: ${messageOf(error)}. The models in use stay; train again.`,
        { cause: error },
      );
    } finally {
      this.#running.delete(run);
    }
  }

  #start(): Piscina<PostedJob, TrainingAnswer> {
    const pool = new Piscina<PostedJob, TrainingAnswer>({
      ...THREAD_OPTIONS,
      filename: new URL('./training-worker.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 30_000,
    });
    // A thread that dies between two trainings took nothing with it; one that dies under a training rejects it.
    pool.on('error', () => undefined);
    return pool;
  }
}
