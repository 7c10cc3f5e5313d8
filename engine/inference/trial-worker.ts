// The thread that opens and runs models nobody has vouched for.
import { parentPort } from 'node:worker_threads';
import type { InferenceSession } from '../onnx-runtime.js';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SEQUENCE_SIZE, SEQUENCE_VERSION } from '../../actors/features/sequence-channels.js';
import { messageOf } from '../errors.js';
import { readInference } from './inference.js';
import { summariseOnnx } from '../learning/onnx/model-format.js';
import { BadModel, openModel, readModel, runModels, takesSequences, type Asked } from './model-session.js';
import type { FromTrial } from './model-trials.js';
import { OUTPUT_STRIDE } from './slab.js';
import type { ModelPair } from './to-worker.js';

const ROWS = 64;
/** Rows of the runs that are compared with one of all rows: kernels take 2, 4, 6, 8, 12 or 16 rows at once, and the rest alone. */
const SIZES = [1, 3, 7, 16, 33];

/** Rows of `size` numbers of many sizes, some of them unknown. */
function trialRows(size: number): Float32Array {
  return Float32Array.from({ length: ROWS * size }, (_, i) => {
    const row = Math.floor(i / size);
    if (row % 8 === 7 && i % 5 === 0) return NaN;
    return Math.sin(i * 0.7) * (row % 8 === 6 ? 1_000 : 2);
  });
}

/** Runs 64 rows at once and in smaller batches, and compares the bits. */
async function batchInvariant(predictor: InferenceSession, encoder: InferenceSession): Promise<boolean> {
  const features = trialRows(FEATURE_COUNT);
  const sequences = trialRows(SEQUENCE_SIZE);
  const together = new Float32Array(ROWS * OUTPUT_STRIDE);
  await runModels(predictor, encoder, { rows: ROWS, features, sequences }, together);
  for (let row = 0; row < ROWS; row++) readInference(together, row);
  const part = new Float32Array(ROWS * OUTPUT_STRIDE);
  for (const size of SIZES) {
    for (let from = 0; from < ROWS; from += size) {
      const to = Math.min(ROWS, from + size);
      const asked: Asked = {
        rows: to - from,
        features: features.slice(from * FEATURE_COUNT, to * FEATURE_COUNT),
        sequences: sequences.slice(from * SEQUENCE_SIZE, to * SEQUENCE_SIZE),
      };
      await runModels(predictor, encoder, asked, part);
      for (let i = 0; i < asked.rows * OUTPUT_STRIDE; i++)
        if (!Object.is(part[i], together[from * OUTPUT_STRIDE + i])) return false;
    }
  }
  return true;
}

/** Version of the sequence channels that a model takes, undefined when it takes none. Throws `BadModel` for another than the present. */
async function sequenceVersionOf(pair: ModelPair, predictor: InferenceSession): Promise<string | undefined> {
  if (!takesSequences(predictor)) return undefined;
  const { sequenceVersion } = summariseOnnx(await readModel(pair.predictor)).metadata;
  if (sequenceVersion === SEQUENCE_VERSION) return sequenceVersion;
  throw new BadModel(
    sequenceVersion === undefined
      ? `The predictor takes sequences and does not say of which version: its metadata must hold sequenceVersion, ${SEQUENCE_VERSION} here.`
      : `The predictor was trained on sequence channels ${sequenceVersion}, and this engine computes ${SEQUENCE_VERSION}; train it again.`,
  );
}

async function tryPair(pair: ModelPair): Promise<FromTrial> {
  const open: InferenceSession[] = [];
  try {
    open.push(await openModel(pair.predictor));
    open.push(await openModel(pair.encoder));
    const sequenceVersion = await sequenceVersionOf(pair, open[0]!);
    return {
      kind: 'passed',
      batchInvariant: await batchInvariant(open[0]!, open[1]!),
      ...(sequenceVersion === undefined ? {} : { sequenceVersion }),
    };
  } catch (error) {
    return { kind: 'failed', message: messageOf(error) };
  } finally {
    for (const session of open) await session.release();
  }
}

parentPort!.on('message', (pair: ModelPair) => {
  void tryPair(pair).then((answer) => parentPort!.postMessage(answer));
});
