import { workerData } from 'piscina';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import type { BatchAnswer } from './from-worker.js';
import { BadModel, runModels } from './model-session.js';
import { Sessions, type Lease } from './sessions.js';
import { slotInputs, slotOutputs, slotSequences } from './slab.js';
import type { Batch, WorkerSetup } from './to-worker.js';

const setup = workerData as WorkerSetup;
const sessions = new Sessions(setup.sessionBytesMax);

/** Runs a batch in a worker. Once it has settled, nothing native goes on for it, also when one of its models is bad. */
export async function runBatch({
  predictor,
  encoder,
  slot,
  rows,
  withSequences,
}: Batch): Promise<BatchAnswer> {
  const leases: Lease[] = [];
  try {
    for (const file of [predictor, encoder]) if (file !== undefined) leases.push(sessions.lease(file));
    const [first, second] = await Promise.all(leases.map(({ session }) => session));
    const start = performance.now();
    // ONNX Runtime refuses shared memory as a tensor, so the rows are copied here, off the engine's thread.
    const { slab, layout } = setup;
    const features = slotInputs(slab, layout, slot).slice(0, rows * FEATURE_COUNT);
    const sequences = withSequences
      ? slotSequences(slab, layout, slot).slice(0, rows * SEQUENCE_SIZE)
      : undefined;
    await runModels(first!, second, { rows, features, sequences }, slotOutputs(slab, layout, slot));
    return { kind: 'inferred', rows, runMs: performance.now() - start };
  } catch (error) {
    if (error instanceof BadModel) return { kind: 'failed', code: 'BAD_MODEL', message: error.message };
    throw error;
  } finally {
    // When one model is bad, the other may still be opening.
    await Promise.allSettled(leases.map(({ session }) => session));
    for (const lease of leases) lease.end();
  }
}
