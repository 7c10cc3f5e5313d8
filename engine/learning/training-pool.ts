import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { SuhoError, type ErrorCode } from '../errors.js';
import type { TrainingAnswer, TrainingJob } from './training-worker.js';
import type { TrainingResult } from './trainer.js';

/** Trains in one worker thread of its own, so that neither the engine nor its inference waits for it. */
export class TrainingPool {
  #pool: Piscina<TrainingJob & { port: MessagePort }, TrainingAnswer> | undefined;

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
    try {
      const answer = await this.#pool.run({ ...job, port: port2 }, { transferList: [port2] });
      if (answer.kind === 'failed') throw new SuhoError(answer.code as ErrorCode, answer.message);
      return answer.result;
    } finally {
      port1.close();
    }
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
  }
}
