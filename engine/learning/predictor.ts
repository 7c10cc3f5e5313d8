import { HORIZONS } from '../../actors/features/labels.js';
import { Batches } from './batches.js';
import { logLoss, priors, returnShrink, sharpness } from './calibration.js';
import type { Dataset } from './dataset.js';
import { meanAndDeviation, relevance, returnSpread } from './feature-scaling.js';
import {
  TrainingStep,
  predictorParameters,
  rawOutputs,
  type Normalisation,
  type OutputScale,
  type Parameter,
} from './network.js';
import type { RowRange } from './split.js';

export const EPOCHS_MAX = 30;
export const PATIENCE = 4;
export const RATE = 1.5e-3;
export const DECAY = 0.5;

/** How a network is fitted. */
export interface FitOptions {
  readonly seed: number;
  /** Called before every step; one that throws ends the training. */
  readonly beforeStep?: (() => void) | undefined;
}

/** A predictor that is fitted: what its ONNX file is made of. */
export interface Fitted {
  readonly parameters: Parameter[];
  readonly normalisation: Normalisation;
  readonly scale: OutputScale;
}

/** Fits a predictor to rows, stops when the validation rows no longer gain, and calibrates it on them. */
export async function fit(
  dataset: Dataset,
  rows: RowRange,
  validation: RowRange,
  { seed, beforeStep }: FitOptions,
): Promise<Fitted> {
  const { mean, sigma } = meanAndDeviation(dataset, rows);
  const weights = relevance(dataset, rows);
  const scale = sigma.map((s, i) => (s > 1e-9 ? weights[i]! / s : 0));
  const normalisation = { mean, scale };
  const returnScale = HORIZONS.map((_, horizon) => returnSpread(dataset, rows, horizon));
  const batches = new Batches(dataset, rows, normalisation, returnScale, seed);
  const held = new Batches(dataset, validation, normalisation, returnScale, seed);
  const step = await TrainingStep.predictor(predictorParameters(seed));
  let best = { loss: Infinity, parameters: step.parameters() };
  let worse = 0;
  try {
    for (let epoch = 0; epoch < EPOCHS_MAX && worse < PATIENCE; epoch++) {
      const rate = RATE * (1 - (0.8 * epoch) / EPOCHS_MAX);
      for (const { batch, rows: n } of batches.epoch()) {
        beforeStep?.();
        await step.run(batch, n, rate, DECAY);
      }
      const parameters = step.parameters();
      const loss = logLoss(held, await rawOutputs(parameters, held.inputs, held.rows));
      if (loss < best.loss - 1e-5) {
        best = { loss, parameters };
        worse = 0;
      } else worse++;
    }
  } finally {
    await step.close();
  }
  const raw = await rawOutputs(best.parameters, held.inputs, held.rows);
  const logPriors = priors(dataset, rows);
  return {
    parameters: best.parameters,
    normalisation,
    scale: {
      logPriors,
      sharpness: HORIZONS.map((_, horizon) => sharpness(held, raw.logits, logPriors, horizon)),
      returnScale,
      returnShrink: HORIZONS.map((_, horizon) => returnShrink(held, raw.returns, horizon)),
    },
  };
}
