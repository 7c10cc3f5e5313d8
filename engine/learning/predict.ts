import { InferenceSession, Tensor } from '../onnx-runtime.js';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { CHANNEL_COUNT, SEQUENCE_BARS, SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import { sequenceOf, type Dataset } from './dataset.js';
import { SESSION_OPTIONS } from './network.js';
import type { RowRange } from './split.js';

/** Rows of one run: sequences of so many take 3 MB. */
const BATCH = 1024;

/** Feature rows and sequences of some rows, each of which its model may take or not. */
export interface InputNumbers {
  readonly rows: number;
  /** rows × FEATURE_COUNT. */
  readonly features: Float32Array;
  /** rows × SEQUENCE_SIZE. */
  readonly sequences: () => Float32Array;
}

/** The inputs of a range of rows. */
export function inputsOf(dataset: Dataset, { from, to }: RowRange): InputNumbers {
  return {
    rows: to - from,
    features: dataset.features.subarray(from * FEATURE_COUNT, to * FEATURE_COUNT),
    sequences: () => {
      const sequences = new Float32Array((to - from) * SEQUENCE_SIZE);
      for (let row = from; row < to; row++)
        sequences.set(sequenceOf(dataset, row), (row - from) * SEQUENCE_SIZE);
      return sequences;
    },
  };
}

/** What a session of a served model takes of its inputs. */
export function feedsOf(
  { inputNames }: InferenceSession,
  { rows, features, sequences }: InputNumbers,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  if (inputNames.includes('features'))
    feeds['features'] = new Tensor('float32', features, [rows, FEATURE_COUNT]);
  if (inputNames.includes('sequence'))
    feeds['sequence'] = new Tensor('float32', sequences(), [rows, SEQUENCE_BARS, CHANNEL_COUNT]);
  return feeds;
}

/** Runs a served model over a range of rows in batches; returns one output, `width` numbers a row. */
export async function predict(
  model: Uint8Array,
  dataset: Dataset,
  { from, to }: RowRange,
  output: string,
  width: number,
): Promise<Float32Array> {
  const result = new Float32Array(Math.max(0, to - from) * width);
  const session = await InferenceSession.create(model, SESSION_OPTIONS);
  try {
    for (let at = from; at < to; at += BATCH) {
      const inputs = inputsOf(dataset, { from: at, to: Math.min(to, at + BATCH) });
      const outputs = await session.run(feedsOf(session, inputs));
      result.set(outputs[output]!.data as Float32Array, (at - from) * width);
    }
  } finally {
    await session.release();
  }
  return result;
}
