import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { PLATFORM } from '../../engine/credentials/tenant-id.js';
import type { Engine } from '../../engine/engine.js';
import { artifactPlace, type ModelRecord, type ModelSeries } from '../../engine/registry/model-registry.js';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { PROBABILITIES, RETURNS } from '../../engine/inference/slab.js';
import { Graph } from '../../engine/learning/onnx/graph.js';
import { plainEncoder, plainPredictor } from './models.js';

/** The platform's models for the hourly bars of EURUSD on a shared feed. */
export const EURUSD: ModelSeries = { tenantId: PLATFORM, feed: 'market', symbol: 'EURUSD', timeframe: '1h' };

export interface RegisteredOptions {
  readonly version?: string;
  readonly series?: ModelSeries;
  /** Bytes of the predictor; by default one of its own for each `seed`. */
  readonly predictor?: Uint8Array;
  readonly seed?: number;
  readonly trainedThrough?: number;
  readonly trainedOn?: string;
  readonly sequenceVersion?: string;
}

/** Registers a small model that keeps the contract; it serves nothing yet. */
export async function registerModel(
  engine: Pick<Engine, 'artifacts' | 'registry'>,
  options: RegisteredOptions = {},
): Promise<ModelRecord> {
  const {
    version = 'v1.0.0',
    series = EURUSD,
    seed = 0,
    trainedThrough = 0,
    trainedOn,
    sequenceVersion,
  } = options;
  const place = artifactPlace(series, version);
  const predictor = await engine.artifacts.put(place, options.predictor ?? plainPredictor(seed));
  const encoder = await engine.artifacts.put(place, plainEncoder());
  const record: ModelRecord = {
    architecture: 'plain',
    hyperparameters: {},
    featureSetVersion: FEATURE_SET_VERSION,
    modelId: predictor.sha256,
    encoderId: encoder.sha256,
    artifactUri: predictor.uri,
    encoderUri: encoder.uri,
    version,
    parentVersion: version === 'v1.0.0' ? undefined : 'v1.0.0',
    ...series,
    embeddingVersion: 'plain',
    anomalyScale: 1,
    primaryHorizon: 0,
    edge: [true, true, true],
    scores: [],
    family: 'perceptron',
    calibratedBy: { perceptron: ['sharpness', 'isotonic', 'sharpness'] },
    tried: { families: 1, skillZ: 3, worth: [] },
    importance: [],
    trainedFrom: 0,
    trainedThrough,
    rows: 100,
    batchInvariant: true,
    ...(trainedOn === undefined ? {} : { trainedOn }),
    ...(sequenceVersion === undefined ? {} : { sequenceVersion }),
  };
  await engine.registry.register(record);
  return record;
}

/** A predictor whose answers are probabilities on the rows it is tried with, and are none once prices are those of a market. */
export function brokenPredictor(): Uint8Array {
  const g = new Graph();
  const x = g.replaceNaN(g.input('features', ['batch', FEATURE_COUNT]), g.scalar(0));
  const all = new Float32Array(FEATURE_COUNT * PROBABILITIES).fill(1e30);
  // Rows of zeros give zero; of anything else an infinity, and an infinity less itself is no number.
  const huge = g.square(g.matMul(x, g.constant(all, [FEATURE_COUNT, PROBABILITIES])));
  const noise = g.sub(huge, huge);
  const thirds = g.constant(new Float32Array(PROBABILITIES).fill(1 / 3), [PROBABILITIES]);
  const returns = g.matMul(
    x,
    g.constant(new Float32Array(FEATURE_COUNT * RETURNS), [FEATURE_COUNT, RETURNS]),
  );
  return g.encode(
    'predictor',
    [g.named(g.add(noise, thirds), 'probabilities'), g.named(returns, 'returns')],
    {},
  );
}

/** A predictor that states the same of every row and horizon: the probabilities of down, flat and up. */
export function statingPredictor(says: readonly [down: number, flat: number, up: number]): Uint8Array {
  const g = new Graph();
  const x = g.replaceNaN(g.input('features', ['batch', FEATURE_COUNT]), g.scalar(0));
  const none = (width: number): Float32Array => new Float32Array(FEATURE_COUNT * width);
  const zero = g.matMul(x, g.constant(none(PROBABILITIES), [FEATURE_COUNT, PROBABILITIES]));
  const logits = Array.from({ length: PROBABILITIES }, (_, i) => Math.log(says[i % 3]!));
  const shares = g.softmax(
    g.reshape(g.add(zero, g.constant(logits, [PROBABILITIES])), ['batch', RETURNS, 3]),
  );
  const probabilities = g.reshape(shares, ['batch', PROBABILITIES]);
  const returns = g.matMul(x, g.constant(none(RETURNS), [FEATURE_COUNT, RETURNS]));
  return g.encode('predictor', [g.named(probabilities, 'probabilities'), g.named(returns, 'returns')], {});
}
