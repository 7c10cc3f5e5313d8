// The thread that opens and runs models nobody has vouched for.
import { parentPort } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-node';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { messageOf } from '../errors.js';
import { readInference } from './inference.js';
import { openModel, runPair } from './model-session.js';
import type { FromTrial } from './model-trials.js';
import { OUTPUT_STRIDE } from './slab.js';
import type { ModelPair } from './to-worker.js';

const ROWS = 64;

/** Rows of many sizes, some with unknown features. */
function trialRows(): Float32Array {
  return Float32Array.from({ length: ROWS * FEATURE_COUNT }, (_, i) => {
    const row = Math.floor(i / FEATURE_COUNT);
    if (row % 8 === 7 && i % 5 === 0) return NaN;
    return Math.sin(i * 0.7) * (row % 8 === 6 ? 1_000 : 2);
  });
}

/** Runs 64 rows at once and one by one, and compares the bits. */
async function batchInvariant(predictor: InferenceSession, encoder: InferenceSession): Promise<boolean> {
  const inputs = trialRows();
  const together = new Float32Array(ROWS * OUTPUT_STRIDE);
  await runPair(predictor, encoder, inputs, ROWS, together);
  for (let row = 0; row < ROWS; row++) readInference(together, row);
  const alone = new Float32Array(OUTPUT_STRIDE);
  for (let row = 0; row < ROWS; row++) {
    const input = inputs.slice(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT);
    await runPair(predictor, encoder, input, 1, alone);
    for (let i = 0; i < OUTPUT_STRIDE; i++)
      if (!Object.is(alone[i], together[row * OUTPUT_STRIDE + i])) return false;
  }
  return true;
}

async function tryPair(pair: ModelPair): Promise<FromTrial> {
  const open: InferenceSession[] = [];
  try {
    open.push(await openModel(pair.predictor));
    open.push(await openModel(pair.encoder));
    return { kind: 'passed', batchInvariant: await batchInvariant(open[0]!, open[1]!) };
  } catch (error) {
    return { kind: 'failed', message: messageOf(error) };
  } finally {
    for (const session of open) await session.release();
  }
}

parentPort!.on('message', (pair: ModelPair) => {
  void tryPair(pair).then((answer) => parentPort!.postMessage(answer));
});
