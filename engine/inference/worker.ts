import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { workerData } from 'piscina';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import type { FromWorker } from './from-worker.js';
import { EMBEDDING, OUTPUT_STRIDE, PROBABILITIES, RETURNS, slotInputs, slotOutputs } from './slab.js';
import type { ModelFile, ToWorker, WorkerSetup } from './to-worker.js';

const setup = workerData as WorkerSetup;
/** Largest file taken for a model. */
const MODEL_BYTES_MAX = 256 * 1024 * 1024;
/** Sessions a worker keeps open. */
const SESSIONS_MAX = 64;
const sessions = new Map<string, Promise<InferenceSession>>();

class BadModel extends Error {}

async function openSession(file: ModelFile): Promise<InferenceSession> {
  const bytes = await readFile(file.path);
  if (bytes.length > MODEL_BYTES_MAX)
    throw new BadModel(`${file.path} has ${bytes.length} bytes; a model may have ${MODEL_BYTES_MAX}.`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== file.sha256)
    throw new BadModel(`${file.path} is not the file that was registered: its SHA-256 is ${sha256}.`);
  try {
    return await InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
    });
  } catch (error) {
    throw new BadModel(
      `${file.path} is not an ONNX model: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function session(file: ModelFile): Promise<InferenceSession> {
  let opened = sessions.get(file.sha256);
  if (opened === undefined) {
    opened = openSession(file);
    sessions.set(file.sha256, opened);
    opened.catch(() => sessions.delete(file.sha256));
    if (sessions.size > SESSIONS_MAX) sessions.delete(sessions.keys().next().value!);
  }
  return opened;
}

/** Runs both models over `rows` rows of `inputs` and writes their outputs, a stride a row. */
async function infer(
  predictor: InferenceSession,
  encoder: InferenceSession,
  inputs: Float32Array,
  rows: number,
  outputs: Float32Array,
): Promise<void> {
  const features = new Tensor('float32', inputs, [rows, FEATURE_COUNT]);
  const predicted = await predictor.run({ features });
  const encoded = await encoder.run({ features });
  const columns: readonly (readonly [Tensor | undefined, number])[] = [
    [predicted['probabilities'], PROBABILITIES],
    [predicted['returns'], RETURNS],
    [encoded['embedding'], EMBEDDING],
    [encoded['error'], 1],
  ];
  let at = 0;
  for (const [tensor, width] of columns) {
    const data = tensor?.data;
    if (!(data instanceof Float32Array) || data.length !== rows * width) {
      throw new BadModel(
        `The model's outputs do not have the shape of the contract (${width} numbers a row).`,
      );
    }
    for (let row = 0; row < rows; row++) {
      outputs.set(data.subarray(row * width, (row + 1) * width), row * OUTPUT_STRIDE + at);
    }
    at += width;
  }
}

/** Runs 64 rows at once and one by one, and compares the bits. */
async function batchInvariant(predictor: InferenceSession, encoder: InferenceSession): Promise<boolean> {
  const rows = 64;
  const inputs = Float32Array.from({ length: rows * FEATURE_COUNT }, (_, i) => Math.sin(i * 0.7) * 2);
  const together = new Float32Array(rows * OUTPUT_STRIDE);
  await infer(predictor, encoder, inputs, rows, together);
  const alone = new Float32Array(OUTPUT_STRIDE);
  for (let row = 0; row < rows; row++) {
    await infer(predictor, encoder, inputs.slice(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT), 1, alone);
    for (let i = 0; i < OUTPUT_STRIDE; i++)
      if (!Object.is(alone[i], together[row * OUTPUT_STRIDE + i])) return false;
  }
  return true;
}

export default async function work(message: ToWorker): Promise<FromWorker> {
  try {
    const [predictor, encoder] = await Promise.all([session(message.predictor), session(message.encoder)]);
    if (message.kind === 'check')
      return { kind: 'checked', batchInvariant: await batchInvariant(predictor, encoder) };
    const { slot, rows } = message;
    const start = performance.now();
    // ONNX Runtime refuses shared memory as a tensor, so the rows are copied here, off the engine's thread.
    const inputs = slotInputs(setup.slab, setup.layout, slot).slice(0, rows * FEATURE_COUNT);
    await infer(predictor, encoder, inputs, rows, slotOutputs(setup.slab, setup.layout, slot));
    return { kind: 'inferred', rows, runMs: performance.now() - start };
  } catch (error) {
    if (error instanceof BadModel) return { kind: 'failed', code: 'BAD_MODEL', message: error.message };
    throw error;
  }
}
