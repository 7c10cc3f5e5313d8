import type { MessagePort } from 'node:worker_threads';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { calendarOfRule, type CalendarRule } from '../calendars.js';
import { SuhoError } from '../errors.js';
import { BadModel, readModel } from '../inference/model-session.js';
import type { ModelFile } from '../inference/to-worker.js';
import { unpackBars } from '../journal/records.js';
import { buildDataset } from './dataset.js';
import { history, type History } from './encoder.js';
import type { Trainable } from './families/names.js';
import { train, type TrainingResult } from './trainer.js';

/** What to train on. */
export interface TrainingJob {
  /** Bars, packed. */
  readonly bars: Float64Array;
  readonly timeframe: Timeframe;
  readonly calendar: CalendarRule;
  readonly family: Trainable;
  readonly budgetSeconds: number;
  readonly seed: number;
  readonly folds: number;
  readonly rowsMax: number;
  /** An encoder to keep, so that stored patterns stay comparable. One whose file is damaged or broken is trained anew. */
  readonly encoder: ModelFile | undefined;
}

/** Bars to embed with an encoder that was trained before. */
export interface EmbeddingJob {
  /** Bars, packed. */
  readonly bars: Float64Array;
  readonly timeframe: Timeframe;
  readonly calendar: CalendarRule;
  readonly encoder: ModelFile;
}

export type TrainingAnswer =
  | { readonly kind: 'trained'; readonly result: TrainingResult }
  | { readonly kind: 'embedded'; readonly result: History }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** A job on its way. */
export type PostedJob =
  | (TrainingJob & {
      readonly kind: 'train';
      /** Where to tell how far it is. */
      readonly port: MessagePort;
      /** A flag that ends it, which other threads set. */
      readonly stopped: Int32Array;
    })
  | (EmbeddingJob & { readonly kind: 'embed' });

export default async function work(job: PostedJob): Promise<TrainingAnswer> {
  try {
    if (job.kind === 'embed') {
      const grid = BarGrid.of(job.timeframe, calendarOfRule(job.calendar));
      const dataset = buildDataset(unpackBars(job.bars), grid);
      return { kind: 'embedded', result: await history(await readModel(job.encoder), dataset) };
    }
    const { encoder, fault } = await readEncoder(job.encoder);
    const result = await train(unpackBars(job.bars), job.timeframe, {
      calendar: calendarOfRule(job.calendar),
      family: job.family,
      budgetSeconds: job.budgetSeconds,
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
    return { kind: 'trained', result: fault === undefined ? result : { ...result, encoderFault: fault } };
  } catch (error) {
    if (error instanceof SuhoError) return { kind: 'failed', code: error.code, message: error.message };
    throw error;
  }
}

async function readEncoder(
  file: ModelFile | undefined,
): Promise<{ readonly encoder?: Uint8Array; readonly fault?: string }> {
  if (file === undefined) return {};
  try {
    return { encoder: await readModel(file) };
  } catch (error) {
    if (error instanceof BadModel) return { fault: error.message };
    throw error;
  }
}
