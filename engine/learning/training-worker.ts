import { readFileSync, readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
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

/** What a training gave, and the processor time it took. */
export interface CostedResult extends TrainingResult {
  readonly cpuMs: number;
}

export type TrainingAnswer =
  | { readonly kind: 'trained'; readonly result: CostedResult }
  | { readonly kind: 'embedded'; readonly result: History }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** A job on its way. */
export type PostedJob =
  | (TrainingJob & {
      readonly kind: 'train';
      /** Where to tell how far it is. */
      readonly port: MessagePort;
      /** Flags that end it, which other threads set: all trainings, and this one. */
      readonly stopped: Int32Array;
      readonly cancelled: Int32Array;
    })
  | (EmbeddingJob & { readonly kind: 'embed' });

/** Nice values that take a thread to a tenth of its weight, and the highest there is. */
const LOWER_BY = 10;
const LOWEST = 19;

lowerPriority();

/**
 * Lets every other thread go first: nothing waits for a training, and a signal must not. A tenth of the weight of the others
 * of this process, whatever priority that was given, not the least there is: on a machine that is busy all day a training
 * must come to its end.
 */
function lowerPriority(): void {
  const thread = threadId();
  if (thread === undefined) return;
  try {
    setPriority(thread, Math.min(LOWEST, getPriority(thread) + LOWER_BY));
  } catch {
    // A sandbox may forbid it; the training then takes its share.
  }
}

/** This thread as the system knows it; undefined where it does not tell. */
function threadId(): number | undefined {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return undefined;
  }
}

/** Processor time of this thread, milliseconds; the time that passed where the system does not tell. */
function threadCpuMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

export default async function work(job: PostedJob): Promise<TrainingAnswer> {
  try {
    if (job.kind === 'embed') {
      const grid = BarGrid.of(job.timeframe, calendarOfRule(job.calendar));
      const dataset = buildDataset(unpackBars(job.bars), grid);
      return { kind: 'embedded', result: await history(await readModel(job.encoder), dataset) };
    }
    const startedAt = threadCpuMs();
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
        if (Atomics.load(job.stopped, 0) + Atomics.load(job.cancelled, 0) > 0)
          throw new SuhoError('STOPPING', 'The training was stopped.');
      },
    });
    const costed = { ...result, cpuMs: threadCpuMs() - startedAt };
    return { kind: 'trained', result: fault === undefined ? costed : { ...costed, encoderFault: fault } };
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
