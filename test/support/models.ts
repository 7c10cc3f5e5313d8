import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { CHANNEL_COUNT, SEQUENCE_BARS } from '../../actors/features/sequence-channels.js';
import { EMBEDDING, PROBABILITIES, RETURNS } from '../../engine/inference/slab.js';
import type { ImportMapping } from '../../engine/learning/imported-model.js';
import type { ModelFile, ModelPair } from '../../engine/inference/to-worker.js';
import { Graph } from '../../engine/learning/onnx/graph.js';

const onlyFirst = new Float32Array(FEATURE_COUNT);
onlyFirst[0] = 1;

/** How a file is read that says down, flat and up of the shortest horizon. */
export const PLAIN_MAPPING: ImportMapping = {
  contract: 'row',
  task: 'directions',
  horizon: 0,
  output: undefined,
  features: undefined,
  fill: undefined,
  isLogits: false,
  classes: [-1, 0, 1],
  classReturns: [0, 0, 0],
  flatShare: 0,
  deviation: undefined,
  deadZone: 0,
};

/** A predictor that says 0.2, 0.3, 0.5 of each horizon; its returns are the row's first feature. `seed` makes it another file. */
export function plainPredictor(seed = 0): Uint8Array {
  const g = new Graph();
  const x = g.input('features', ['batch', FEATURE_COUNT]);
  const shares = Array.from({ length: PROBABILITIES }, (_, i) => Math.log([0.2, 0.3, 0.5][i % 3]!));
  const zero = g.constant(new Float32Array(FEATURE_COUNT * PROBABILITIES), [FEATURE_COUNT, PROBABILITIES]);
  const logits = g.add(g.matMul(x, zero), g.constant(shares, [PROBABILITIES]));
  const probabilities = g.reshape(g.softmax(g.reshape(logits, ['batch', RETURNS, 3])), [
    'batch',
    PROBABILITIES,
  ]);
  const first = g.constant(
    Float32Array.from({ length: FEATURE_COUNT * RETURNS }, (_, i) => (i < RETURNS ? 1 : 0)),
    [FEATURE_COUNT, RETURNS],
  );
  const known = g.replaceNaN(x, g.scalar(0));
  return g.encode(
    'predictor',
    [
      // What is unknown does not leave its row: the zeros take it out.
      g.named(g.replaceNaN(probabilities, g.scalar(1 / 3)), 'probabilities'),
      g.named(g.matMul(known, first), 'returns'),
    ],
    { seed: String(seed) },
  );
}

/**
 * A predictor that says 0.2, 0.3, 0.5 of each horizon; its returns are the first channel of the sequence's newest bar, or the
 * mean of those of the whole batch.
 */
export function sequencePredictor(
  options: { readonly sequenceVersion?: string; readonly ofBatch?: boolean } = {},
): Uint8Array {
  const { sequenceVersion, ofBatch = false } = options;
  const g = new Graph();
  const x = g.input('sequence', ['batch', SEQUENCE_BARS, CHANNEL_COUNT]);
  const newest = g.slice(g.slice(x, 1, SEQUENCE_BARS - 1, SEQUENCE_BARS), 2, 0, 1);
  const known = g.replaceNaN(g.reshape(newest, ['batch', 1]), g.scalar(0));
  const mean = g.emit('ReduceMean', [known], [1, 1], { axes: [0], keepdims: 1 });
  const first = ofBatch ? g.add(g.mul(known, g.scalar(0)), mean) : known;
  const zero = g.mul(first, g.constant(new Float32Array(PROBABILITIES), [PROBABILITIES]));
  const shares = Array.from({ length: PROBABILITIES }, (_, i) => [0.2, 0.3, 0.5][i % 3]!);
  return g.encode(
    'predictor',
    [
      g.named(g.add(zero, g.constant(shares, [PROBABILITIES])), 'probabilities'),
      g.named(g.mul(first, g.constant([1, 1, 1], [RETURNS])), 'returns'),
    ],
    sequenceVersion === undefined ? {} : { sequenceVersion },
  );
}

/** An encoder whose embedding is zero and whose error is the square of the row's first feature. */
export function plainEncoder(seed = 0, embedding = 0): Uint8Array {
  const g = new Graph();
  const x = g.replaceNaN(g.input('features', ['batch', FEATURE_COUNT]), g.scalar(0));
  const zero = g.constant(new Float32Array(FEATURE_COUNT * EMBEDDING), [FEATURE_COUNT, EMBEDDING]);
  const error = g.square(g.matMul(x, g.constant(onlyFirst, [FEATURE_COUNT, 1])));
  return g.encode(
    'encoder',
    [g.named(g.add(g.matMul(x, zero), g.scalar(embedding)), 'embedding'), g.named(error, 'error')],
    { seed: String(seed) },
  );
}

/** A row that is zero but for its first feature. */
export function rowOf(first: number): Float32Array {
  const row = new Float32Array(FEATURE_COUNT);
  row[0] = first;
  return row;
}

export function modelFile(folder: string, bytes: Uint8Array): ModelFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = path.join(folder, `${sha256}.onnx`);
  writeFileSync(file, bytes);
  return { path: file, sha256 };
}

/** A pair of models that keeps the contract. */
export function plainPair(folder: string, seed = 0): ModelPair {
  return {
    predictor: modelFile(folder, plainPredictor(seed)),
    encoder: modelFile(folder, plainEncoder(seed)),
  };
}
