import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { SuhoError, type ErrorCode } from '../errors.js';
import type { PostedJob, TrainingAnswer, TrainingJob } from './training-worker.js';
import type { TrainingResult } from './trainer.js';

/** Trains in one worker thread of its own, so that neither the engine nor its inference waits for it. */
export class TrainingPool {
  #pool: Piscina<PostedJob, TrainingAnswer> | undefined;
  readonly #stopped = new Int32Array(new SharedArrayBuffer(4));
  readonly #running = new Set<Promise<unknown>>();

  async train(
    job: TrainingJob,
    onProgress: (done: number, total: number, stage: string) => void = () => undefined,
  ): Promise<TrainingResult> {
    this.#pool ??= new Piscina({
      filename: new URL('./training-worker.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 30_000,
    });
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ([done, total, stage]: [number, number, string]) => onProgress(done, total, stage));
    const run = this.#pool.run({ ...job, port: port2, stopped: this.#stopped }, { transferList: [port2] });
    this.#running.add(run);
    try {
      const answer = await run;
      if (answer.kind === 'failed') throw new SuhoError(answer.code as ErrorCode, answer.message);
      return answer.result;
    } finally {
      this.#running.delete(run);
      port1.close();
    }
  }

  /** Ends a training under way at its next step, then the thread. */
  async close(): Promise<void> {
    Atomics.store(this.#stopped, 0, 1);
    await Promise.allSettled(this.#running);
    await this.#pool?.destroy();
  }
}
