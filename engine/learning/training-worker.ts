import { readFile } from 'node:fs/promises';
import type { MessagePort } from 'node:worker_threads';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { SuhoError } from '../errors.js';
import { unpackBars } from '../journal/records.js';
import { train, type TrainingResult } from './trainer.js';

/** What to train on. */
export interface TrainingJob {
  /** Bars, packed. */
  readonly bars: Float64Array;
  readonly timeframe: Timeframe;
  readonly seed: number;
  readonly folds: number;
  readonly rowsMax: number;
  /** An encoder to keep. */
  readonly encoderPath: string | undefined;
}

export type TrainingAnswer =
  | { readonly kind: 'trained'; readonly result: TrainingResult }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** A job on its way: where to tell how far it is, and a flag that ends it, which other threads set. */
export interface PostedJob extends TrainingJob {
  readonly port: MessagePort;
  readonly stopped: Int32Array;
}

export default async function work(job: PostedJob): Promise<TrainingAnswer> {
  try {
    const encoder = job.encoderPath === undefined ? undefined : await readFile(job.encoderPath);
    const result = await train(unpackBars(job.bars), job.timeframe, {
      seed: job.seed,
      folds: job.folds,
      rowsMax: job.rowsMax,
      encoder,
      onProgress: (...progress) => job.port.postMessage(progress),
      // ONNX Runtime does not survive the end of its thread in the middle of a run.
      beforeStep: () => {
        if (Atomics.load(job.stopped, 0) === 1) throw new SuhoError('STOPPING', 'The training was stopped.');
      },
    });
    return { kind: 'trained', result };
  } catch (error) {
    if (error instanceof SuhoError) return { kind: 'failed', code: error.code, message: error.message };
    throw error;
  }
}
