import { workerData } from 'piscina';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import type { InferenceSession } from '../onnx-runtime.js';
import type { BatchAnswer } from './from-worker.js';
import { BadModel, runModels } from './model-session.js';
import { Sessions, type Lease } from './sessions.js';
import { slotInputs, slotOutputs, slotSequences } from './slab.js';
import type { Batch, WorkerSetup } from './to-worker.js';

const { slab, layout, sessionBytesMax } = workerData as WorkerSetup;
const sessions = new Sessions(sessionBytesMax);
// ONNX Runtime refuses shared memory as a tensor, so rows are copied, off the engine's thread, to the same place each time.
const features = new Float32Array(layout.batchMax * FEATURE_COUNT);
const sequences = new Float32Array(layout.batchMax * SEQUENCE_SIZE);
/** Settles when the batch before has run. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs a batch in a worker. Once it has settled, nothing native goes on for it, also when one of its models is bad.
 * Batches run one after the other: mixed they would end together, and the worker idle until the engine has seen to both.
 */
export async function runBatch(batch: Batch): Promise<BatchAnswer> {
  const leases: Lease[] = [];
  try {
    for (const file of [batch.predictor, batch.encoder])
      if (file !== undefined) leases.push(sessions.lease(file));
    const [predictor, encoder] = await Promise.all(leases.map(({ session }) => session));
    const run = turn.then(async () => {
      await runRows(batch, predictor!, encoder);
    });
    turn = run.catch(() => undefined);
    await run;
    return { kind: 'inferred' };
  } catch (error) {
    if (error instanceof BadModel) return { kind: 'failed', code: 'BAD_MODEL', message: error.message };
    throw error;
  } finally {
    // When one model is bad, the other may still be opening.
    await Promise.allSettled(leases.map(({ session }) => session));
    for (const lease of leases) lease.end();
  }
}

async function runRows(
  { slot, rows, withSequences }: Batch,
  predictor: InferenceSession,
  encoder: InferenceSession | undefined,
): Promise<void> {
  const asked = {
    rows,
    features: copied(slotInputs(slab, layout, slot), features, rows * FEATURE_COUNT),
    sequences: withSequences
      ? copied(slotSequences(slab, layout, slot), sequences, rows * SEQUENCE_SIZE)
      : undefined,
  };
  await runModels(predictor, encoder, asked, slotOutputs(slab, layout, slot));
}

/** The first `length` numbers of `from`, in `to`. */
function copied(from: Float32Array, to: Float32Array, length: number): Float32Array {
  const place = to.subarray(0, length);
  place.set(from.subarray(0, length));
  return place;
}
