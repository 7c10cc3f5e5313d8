import { InferenceSession } from '../onnx-runtime.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { SuhoError, messageOf } from '../errors.js';
import { heldRows, logLossOf } from './calibration.js';
import type { Dataset } from './dataset.js';
import { SESSION_OPTIONS } from './network.js';
import { quantize, type Precision, type Quantized } from './onnx/quantization.js';
import { feedsOf, inputsOf, predict } from './predict.js';
import type { RowRange } from './split.js';

const RUNS = 200;
const TOGETHER = 64;
/** Rows the model has not seen, below which all rows are taken. */
const UNSEEN_MIN = 200;

/** What a file of a model is worth. */
interface FileWorth {
  readonly bytes: number;
  /** Mean negative log-likelihood of the known outcomes. */
  readonly logLoss: number;
  /** Median time of a run of one row, and of 64, in microseconds on one thread. */
  readonly microsecondsAlone: number;
  readonly microsecondsTogether: number;
}

export interface QuantizedWorth {
  readonly model: Uint8Array;
  readonly matrices: number;
  readonly rows: number;
  /** Whether the model was trained on some of these rows. */
  readonly seen: boolean;
  readonly before: FileWorth;
  readonly after: FileWorth;
}

/**
 * Quantizes a model and measures both files on the rows that close after `trainedThrough`, or on all when those are few. Throws
 * `BAD_MODEL` when there is nothing to quantize, or when the log-loss grows by more than `lossMax`.
 */
export async function quantizeWithin(
  model: Uint8Array,
  dataset: Dataset,
  {
    precision,
    lossMax,
    trainedThrough,
  }: { readonly precision: Precision; readonly lossMax: number; readonly trainedThrough: number },
): Promise<QuantizedWorth> {
  const quantized = quantizedOf(model, precision);
  if (quantized.matrices === 0)
    throw new SuhoError('BAD_MODEL', 'The model has no large weight matrix to quantize: trees have none.');
  const first = dataset.closeTimes.findIndex((closeTime) => closeTime > trainedThrough);
  const seen = first < 0 || dataset.rows - first < UNSEEN_MIN;
  const range = { from: seen ? 0 : first, to: dataset.rows };
  const before = await worthOf(model, dataset, range);
  const after = await worthOf(quantized.model, dataset, range);
  if (!(after.logLoss - before.logLoss <= lossMax))
    throw new SuhoError(
      'BAD_MODEL',
      `As ${precision} the model's log-loss is ${after.logLoss.toFixed(5)} instead of ${before.logLoss.toFixed(5)}, worse by more than ${lossMax}: nothing was written. Keep it as it is, or allow more with --loss-max.`,
    );
  return { ...quantized, rows: range.to - range.from, seen, before, after };
}

function quantizedOf(model: Uint8Array, precision: Precision): Quantized {
  try {
    return quantize(model, precision);
  } catch (error) {
    throw new SuhoError('BAD_MODEL', `The model cannot be quantized: ${messageOf(error)}.`);
  }
}

async function worthOf(model: Uint8Array, dataset: Dataset, range: RowRange): Promise<FileWorth> {
  const held = heldRows(
    dataset,
    range,
    HORIZONS.map(() => 1),
  );
  const probabilities = await predict(model, dataset, range, 'probabilities', HORIZONS.length * 3);
  const session = await InferenceSession.create(model, SESSION_OPTIONS);
  try {
    return {
      bytes: model.length,
      logLoss: logLossOf(held, probabilities),
      microsecondsAlone: await timeOf(session, dataset, 1),
      microsecondsTogether: await timeOf(session, dataset, Math.min(TOGETHER, dataset.rows)),
    };
  } finally {
    await session.release();
  }
}

async function timeOf(session: InferenceSession, dataset: Dataset, rows: number): Promise<number> {
  const feeds = feedsOf(session, inputsOf(dataset, { from: 0, to: rows }));
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1]! * 1_000;
}
