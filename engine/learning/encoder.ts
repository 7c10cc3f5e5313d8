import { HORIZONS } from '../../actors/features/labels.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { messageOf } from '../errors.js';
import { EMBEDDING } from '../inference/slab.js';
import { Batches } from './batches.js';
import type { Dataset } from './dataset.js';
import { meanAndDeviation } from './feature-scaling.js';
import { TrainingStep, autoencoderParameters, encoderModel, runModel, type Parameter } from './network.js';
import { faultOf } from './onnx/model-inspection.js';
import type { FitOptions } from './families/family.js';
import type { RowRange } from './split.js';

const WIDTH = HORIZONS.length;

/** Moments whose outcome is known, to fill the pattern index with: times, vectors, outcomes. */
export interface History {
  readonly closeTimes: Float64Array;
  readonly resolvedAt: Float64Array;
  readonly vectors: Float32Array;
  readonly directions: Float32Array;
  readonly returns: Float32Array;
}

/** Trains an autoencoder on rows; returns the encoder's file. */
export async function trainEncoder(
  dataset: Dataset,
  rows: RowRange,
  { seed, beforeStep }: FitOptions,
  timeframe: Timeframe,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const { mean, sigma } = meanAndDeviation(dataset, rows);
  const normalisation = { mean, scale: sigma.map((s) => (s > 1e-9 ? 1 / s : 0)) };
  const batches = new Batches(dataset, rows, normalisation, [1, 1, 1], seed + 2);
  const step = await TrainingStep.autoencoder(autoencoderParameters(seed));
  const epochs = Math.max(2, Math.min(8, Math.round(60_000 / batches.rows)));
  let parameters: Parameter[];
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const { batch, rows: n } of batches.epoch()) {
        beforeStep?.();
        await step.run({ x: batch['x']! }, n, 2e-3, 0);
      }
    }
    parameters = step.parameters();
  } finally {
    await step.close();
  }
  const { featureSetVersion = '', features = '' } = metadata;
  return encoderModel(parameters, normalisation, { featureSetVersion, features, timeframe });
}

/** Reconstruction error of each row. */
export async function reconstructionErrors(encoder: Uint8Array, dataset: Dataset): Promise<Float32Array> {
  return await runModel(encoder, dataset.features, dataset.rows, 'error', 1);
}

/** Reconstruction error that 99 % of the rows stay below. */
export function anomalyScale(errors: Float32Array): number {
  return Math.max(1e-9, errors.slice().sort()[Math.floor(errors.length * 0.99)]!);
}

/** Embeds every row whose outcome is known over all horizons. */
export async function history(encoder: Uint8Array, dataset: Dataset): Promise<History> {
  let rows = dataset.rows;
  while (rows > 0 && Number.isNaN(dataset.resolvedAt[rows * WIDTH - 1]!)) rows--;
  return {
    closeTimes: dataset.closeTimes.slice(0, rows),
    resolvedAt: Float64Array.from({ length: rows }, (_, row) => dataset.resolvedAt[row * WIDTH + WIDTH - 1]!),
    vectors: await runModel(encoder, dataset.features, rows, 'embedding', EMBEDDING),
    directions: dataset.directions.slice(0, rows * WIDTH),
    returns: dataset.returns.slice(0, rows * WIDTH),
  };
}

/** Why an encoder cannot be kept, undefined when it answers every row of a dataset with finite numbers. */
export async function encoderFault(encoder: Uint8Array, dataset: Dataset): Promise<string | undefined> {
  const fault = faultOf(encoder);
  if (fault !== undefined) return `${fault}.`;
  try {
    for (const [output, width] of [
      ['embedding', EMBEDDING],
      ['error', 1],
    ] as const) {
      const numbers = await runModel(encoder, dataset.features, dataset.rows, output, width);
      if (!numbers.every(Number.isFinite)) return `its output "${output}" is not finite on every row.`;
    }
    return undefined;
  } catch (error) {
    return `it does not run: ${messageOf(error)}`;
  }
}
