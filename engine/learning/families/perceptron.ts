import { HORIZONS } from '../../../actors/features/labels.js';
import { EMBEDDING } from '../../inference/slab.js';
import { BATCH, Batches } from '../batches.js';
import { logLoss, priors, returnShrink } from '../calibration.js';
import { sharesApart } from '../comparison.js';
import type { Dataset } from '../dataset.js';
import { meanAndDeviation, relevance, returnSpread } from '../feature-scaling.js';
import {
  ENCODER_HIDDEN,
  HIDDEN_1,
  HIDDEN_2,
  TrainingStep,
  predictorOutputs,
  predictorParameters,
  rawOutputs,
  type Normalisation,
  type Parameter,
} from '../network.js';
import type { Graph } from '../onnx/graph.js';
import { calibrate } from './calibrate.js';
import { allProbabilities, calibrated, calibratedBy, type Calibration } from './calibrated.js';
import {
  Fitted,
  type Answers,
  type Family,
  type FitOptions,
  type ModelInputs,
  type Outputs,
  type Split,
} from './family.js';

const EPOCHS_MAX = 30;
const PATIENCE = 4;
const RATE = 1.5e-3;
const DECAY = 0.5;
const SHARPNESS_MAX = 1.2;

/** A network of two hidden layers and a linear path around them, trained inside ONNX Runtime. */
export const perceptron: Family = { name: 'perceptron', form: 'row', rowsMin: 0, rowMs: 0.25, fit };

class FittedPerceptron extends Fitted {
  readonly family = 'perceptron';
  readonly made = {
    architecture: 'multi-layer perceptron with autoencoder',
    hyperparameters: {
      hidden1: HIDDEN_1,
      hidden2: HIDDEN_2,
      encoderHidden: ENCODER_HIDDEN,
      embedding: EMBEDDING,
      batch: BATCH,
      epochsMax: EPOCHS_MAX,
      patience: PATIENCE,
      rate: RATE,
      decay: DECAY,
    },
  };
  readonly validated: Answers;
  readonly calibratedBy;
  readonly #parameters: readonly Parameter[];
  readonly #normalisation: Normalisation;
  readonly #calibration: Calibration;
  /** Factor of each horizon's returns. */
  readonly #returnScale: readonly number[];

  constructor(
    parameters: readonly Parameter[],
    normalisation: Normalisation,
    calibration: Calibration,
    returnScale: readonly number[],
    /** Logits and returns of the validation rows, before calibration and scale. */
    { logits, returns }: Awaited<ReturnType<typeof rawOutputs>>,
  ) {
    super();
    this.validated = {
      probabilities: allProbabilities(logits, calibration),
      returns: returns.map((r, i) => r * returnScale[i % HORIZONS.length]!),
    };
    this.calibratedBy = calibratedBy(this.family, calibration);
    this.#parameters = parameters;
    this.#normalisation = normalisation;
    this.#calibration = calibration;
    this.#returnScale = returnScale;
  }

  outputs(g: Graph, inputs: ModelInputs): Outputs {
    const { logits, returns } = predictorOutputs(g, inputs.features, this.#parameters, this.#normalisation);
    return {
      probabilities: calibrated(g, logits, this.#calibration),
      returns: g.mul(returns, g.constant(this.#returnScale, [HORIZONS.length])),
    };
  }
}

/** Fits a network to rows, stops when the validation rows no longer gain, and calibrates it on them. */
async function fit(
  dataset: Dataset,
  { train: rows, validation }: Split,
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
  const calibration = calibrate({
    held,
    logits: raw.logits,
    logPriors: priors(dataset, rows),
    sharesApart: sharesApart(dataset, validation),
    sharpnessMax: SHARPNESS_MAX,
  });
  return new FittedPerceptron(
    best.parameters,
    normalisation,
    calibration,
    returnScale.map((spread, horizon) => spread * returnShrink(held, raw.returns, horizon)),
    raw,
  );
}
