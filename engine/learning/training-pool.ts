import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { SuhoError, messageOf, type ErrorCode } from '../errors.js';
import { THREAD_OPTIONS } from '../worker-threads.js';
import type { PostedJob, TrainingAnswer, TrainingJob } from './training-worker.js';
import type { TrainingResult } from './trainer.js';

/** Told how far a training is. */
export type TrainingProgress = (done: number, total: number, stage: string) => void;

interface Training {
  readonly result: Promise<TrainingResult>;
  readonly listeners: TrainingProgress[];
}

/** Trains in one worker thread of its own, so that neither the engine nor its inference waits for it. */
export class TrainingPool {
  #pool: Piscina<PostedJob, TrainingAnswer> | undefined;
  readonly #stopped = new Int32Array(new SharedArrayBuffer(4));
  readonly #running = new Map<string, Training>();

  /**
   * Trains for a series; one that is asked for while the series trains already gets the result of that. Throws
   * `BAD_INPUT` when there are too few bars, `STOPPING` when the engine stops meanwhile and `TRAINING_FAILED` when
   * the training or its thread fails; nothing of it is left then.
   */
  async train(seriesId: string, job: TrainingJob, onProgress?: TrainingProgress): Promise<TrainingResult> {
    let training = this.#running.get(seriesId);
    if (training === undefined) {
      const listeners: TrainingProgress[] = [];
      const result = this.#run(seriesId, job, (...progress) => {
        for (const listener of listeners) listener(...progress);
      }).finally(() => this.#running.delete(seriesId));
      training = { result, listeners };
      this.#running.set(seriesId, training);
    }
    if (onProgress !== undefined) training.listeners.push(onProgress);
    return await training.result;
  }

  /** Worker threads, for tests in which one dies: not by `terminate()`, as in `InferencePool`. */
  get threads(): readonly { postMessage(message: unknown): void }[] {
    return this.#pool?.threads ?? [];
  }

  /** Ends trainings under way at their next step, then the thread. */
  async close(): Promise<void> {
    Atomics.store(this.#stopped, 0, 1);
    await Promise.allSettled([...this.#running.values()].map(({ result }) => result));
    await this.#pool?.destroy();
  }

  async #run(seriesId: string, job: TrainingJob, onProgress: TrainingProgress): Promise<TrainingResult> {
    if (Atomics.load(this.#stopped, 0) === 1)
      throw new SuhoError('STOPPING', 'The engine is stopping; it trains no more.');
    const pool = (this.#pool ??= this.#start());
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ([done, total, stage]: [number, number, string]) => onProgress(done, total, stage));
    try {
      const posted = { ...job, port: port2, stopped: this.#stopped };
      const answer = await pool.run(posted, { transferList: [port2] });
      if (answer.kind === 'failed') throw new SuhoError(answer.code as ErrorCode, answer.message);
      return answer.result;
    } catch (error) {
      if (error instanceof SuhoError) throw error;
      throw new SuhoError(
        'TRAINING_FAILED',
        `The training for ${seriesId} failed: ${messageOf(error)}. The models in use stay; train again.`,
        { cause: error },
      );
    } finally {
      port1.close();
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
