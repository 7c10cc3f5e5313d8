import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { InferenceSession, Tensor } from '../onnx-runtime.js';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { CHANNEL_COUNT, SEQUENCE_BARS } from '../../actors/features/sequence-channels.js';
import { messageOf } from '../errors.js';
import { faultOf } from '../learning/onnx/model-inspection.js';
import { EMBEDDING, OUTPUT_STRIDE, PROBABILITIES, RETURNS } from './slab.js';
import type { ModelFile } from './to-worker.js';

/** Largest file taken for a model. */
export const MODEL_BYTES_MAX = 256 * 1024 * 1024;

/** A model that is not what it must be; its message is a sentence for a person. */
export class BadModel extends Error {}

/**
 * Opens a model file after checking all that can be checked without running it: size, SHA-256, and that it needs
 * nothing but itself and standard operators. Throws `BadModel`.
 */
export async function openModel(file: ModelFile): Promise<InferenceSession> {
  const bytes = await readModel(file);
  const fault = faultOf(bytes);
  if (fault !== undefined)
    throw new BadModel(`${file.path} is not an ONNX model that may be served: ${fault}.`);
  try {
    return await InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
    });
  } catch (error) {
    throw new BadModel(`${file.path} is not an ONNX model that can run: ${messageOf(error)}`);
  }
}

/** Reads a model file whose SHA-256 must be the one given. Throws `BadModel`. */
export async function readModel({ path, sha256 }: ModelFile): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > MODEL_BYTES_MAX)
      throw new BadModel(`${path} has ${size} bytes; a model may have ${MODEL_BYTES_MAX}.`);
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof BadModel) throw error;
    throw new BadModel(`${path} cannot be read: ${messageOf(error)}`);
  }
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256)
    throw new BadModel(`${path} is damaged, not the file that was registered: its SHA-256 is ${found}.`);
  return bytes;
}

/** What models are asked about. */
export interface Asked {
  readonly rows: number;
  /** rows × FEATURE_COUNT, in model form. */
  readonly features: Float32Array;
  /** rows × SEQUENCE_SIZE; undefined where no sequences came with the rows. */
  readonly sequences: Float32Array | undefined;
}

/** Runs models over rows and writes their outputs, a stride a row; without an encoder, its part stays as it is. */
export async function runModels(
  predictor: InferenceSession,
  encoder: InferenceSession | undefined,
  { rows, features, sequences }: Asked,
  outputs: Float32Array,
): Promise<void> {
  const byRow = { features: new Tensor('float32', features, [rows, FEATURE_COUNT]) };
  const feeds: Record<string, Tensor> = takesRows(predictor) ? { ...byRow } : {};
  if (takesSequences(predictor)) {
    if (sequences === undefined)
      throw new BadModel('The predictor takes sequences, and the rows came without: its route must say so.');
    feeds['sequence'] = new Tensor('float32', sequences, [rows, SEQUENCE_BARS, CHANNEL_COUNT]);
  }
  const predicted = await runModel(predictor, feeds, 'predictor');
  const columns: [string, Tensor | undefined, number][] = [
    ['probabilities', predicted['probabilities'], PROBABILITIES],
    ['returns', predicted['returns'], RETURNS],
  ];
  if (encoder !== undefined) {
    const encoded = await runModel(encoder, byRow, 'encoder');
    columns.push(['embedding', encoded['embedding'], EMBEDDING], ['error', encoded['error'], 1]);
  }
  let at = 0;
  for (const [name, tensor, width] of columns) {
    const data = tensor?.data;
    if (!(data instanceof Float32Array) || data.length !== rows * width) {
      throw new BadModel(
        `The output "${name}" must hold ${width} Float32 numbers a row, as the contract says.`,
      );
    }
    place(data, width, outputs, at);
    at += width;
  }
}

/** Puts rows of numbers into rows of outputs, from place `at` on. Number by number: a view of each row would take longer than a small model. */
function place(data: Float32Array, width: number, outputs: Float32Array, at: number): void {
  for (let i = 0, to = at; i < data.length; to += OUTPUT_STRIDE - width)
    for (const end = i + width; i < end;) outputs[to++] = data[i++]!;
}

/** Whether a model takes sequence channels. */
export function takesSequences({ inputNames }: InferenceSession): boolean {
  return inputNames.includes('sequence');
}

/** Whether a model takes feature rows; one that takes nothing it knows is given them, and its error says what it wants. */
function takesRows(session: InferenceSession): boolean {
  return session.inputNames.includes('features') || !takesSequences(session);
}

async function runModel(
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
  name: string,
): Promise<Readonly<Record<string, Tensor | undefined>>> {
  try {
    return await session.run(feeds);
  } catch (error) {
    throw new BadModel(`The ${name} does not run: ${messageOf(error)}`);
  }
}
