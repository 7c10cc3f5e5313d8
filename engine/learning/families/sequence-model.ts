import { InferenceSession } from 'onnxruntime-node';
import { HORIZONS } from '../../../actors/features/labels.js';
import { CHANNEL_COUNT, SEQUENCE_BARS, SEQUENCE_SIZE } from '../../../actors/features/sequence-channels.js';
import { logLoss, priors, returnShrink, sharpness } from '../calibration.js';
import type { Dataset } from '../dataset.js';
import { meanAndDeviation, relevance, returnSpread } from '../feature-scaling.js';
import {
  SESSION_OPTIONS,
  TrainingStep,
  constants,
  normalise,
  tensorsOf,
  type Normalisation,
  type Parameter,
} from '../network.js';
import { Graph } from '../onnx/graph.js';
import { SEQUENCE_BATCH, SequenceBatches } from '../sequence-batches.js';
import { sequenceForward, sequenceParameters, type SequenceNetwork } from '../sequence-network.js';
import { calibrated, type Calibration } from './calibrated.js';
import {
  Fitted,
  type FamilyForm,
  type FitOptions,
  type ModelInputs,
  type Outputs,
  type Split,
} from './family.js';
import type { FamilyName } from './names.js';

/** How a network of sequences is trained. */
export interface SequenceRules {
  readonly epochsMax: number;
  /** Epochs without a gain on the validation rows after which it ends. */
  readonly patience: number;
  readonly rate: number;
  readonly decay: number;
}

const SHARPNESS_MAX = 1.2;
const SHAPE = ['batch', SEQUENCE_BARS, CHANNEL_COUNT] as const;

interface Made {
  readonly family: FamilyName;
  readonly architecture: string;
  readonly sizes: Readonly<Record<string, number>>;
  readonly network: SequenceNetwork;
  readonly rules: SequenceRules;
}

/** What a fit found. */
interface Found {
  readonly parameters: readonly Parameter[];
  readonly normalisation: Normalisation;
  readonly cells: Float32Array;
  readonly calibration: Calibration;
  /** Factor of each horizon's returns. */
  readonly returnScale: readonly number[];
}

class FittedSequenceModel extends Fitted {
  readonly family: FamilyName;
  readonly made: FamilyForm;
  readonly #network: SequenceNetwork;
  readonly #found: Found;

  constructor({ family, architecture, sizes, network, rules }: Made, found: Found) {
    super();
    this.family = family;
    this.made = {
      architecture,
      hyperparameters: { ...sizes, ...rules, batch: SEQUENCE_BATCH, bars: SEQUENCE_BARS },
    };
    this.#network = network;
    this.#found = found;
  }

  outputs(g: Graph, inputs: ModelInputs): Outputs {
    const { parameters, normalisation, cells, calibration, returnScale } = this.#found;
    // Names of its own: an ensemble may hold several such models.
    const own = parameters.map((parameter) => ({
      ...parameter,
      constant: `${this.family}.${parameter.name}`,
    }));
    const values = constants(
      g,
      own.map(({ constant, ...parameter }) => ({ ...parameter, name: constant })),
    );
    const byName = Object.fromEntries(own.map(({ name, constant }) => [name, values[constant]!]));
    const x = normalise(g, inputs.sequence, normalisation);
    const { logits, returns } = sequenceForward(g, this.#network, x, byName, cells);
    return {
      probabilities: calibrated(g, logits, calibration),
      returns: g.mul(returns, g.constant(returnScale, [HORIZONS.length])),
    };
  }
}

/** Fits a network of sequences to rows, stops when the validation rows no longer gain, and calibrates it on them. */
export async function fitSequence(
  made: Made,
  dataset: Dataset,
  { train, validation }: Split,
  { seed, beforeStep }: FitOptions,
): Promise<Fitted> {
  const { network, rules } = made;
  const normalisation = normalisationOf(dataset, train);
  const cells = relevance(dataset, train, {
    values: dataset.channels,
    stride: CHANNEL_COUNT,
    count: SEQUENCE_SIZE,
  });
  const returnScale = HORIZONS.map((_, horizon) => returnSpread(dataset, train, horizon));
  const batches = new SequenceBatches(dataset, train, normalisation, returnScale, seed);
  const held = new SequenceBatches(dataset, validation, normalisation, returnScale, seed);
  const initial = sequenceParameters(network, seed);
  const g = new Graph();
  const x = g.input('x', SHAPE);
  const step = await TrainingStep.forecaster(g, initial, (p) => sequenceForward(g, network, x, p, cells));
  const answers = await Answers.open(network, initial, cells);
  let best = { loss: Infinity, parameters: initial };
  let worse = 0;
  try {
    for (let epoch = 0; epoch < rules.epochsMax && worse < rules.patience; epoch++) {
      const rate = rules.rate * (1 - (0.8 * epoch) / rules.epochsMax);
      for (const { batch, rows } of batches.epoch()) {
        beforeStep?.();
        await step.run(batch, rows, rate, rules.decay);
      }
      const parameters = step.parameters();
      const loss = logLoss(held, await answers.of(parameters, held));
      if (loss < best.loss - 1e-5) {
        best = { loss, parameters };
        worse = 0;
      } else worse++;
    }
    const raw = await answers.of(best.parameters, held);
    const logPriors = priors(dataset, train);
    const sharp = HORIZONS.map((_, h) => sharpness(held, raw.logits, logPriors, h, SHARPNESS_MAX));
    return new FittedSequenceModel(made, {
      parameters: best.parameters,
      normalisation,
      cells,
      calibration: { logPriors, sharpness: sharp },
      returnScale: returnScale.map((spread, h) => spread * returnShrink(held, raw.returns, h)),
    });
  } finally {
    await step.close();
    await answers.close();
  }
}

/** Each channel by itself, over the bars of the rows. */
function normalisationOf(dataset: Dataset, train: Split['train']): Normalisation {
  const { mean, sigma } = meanAndDeviation(dataset, train, {
    values: dataset.channels.subarray((SEQUENCE_BARS - 1) * CHANNEL_COUNT),
    stride: CHANNEL_COUNT,
    count: CHANNEL_COUNT,
  });
  return { mean, scale: sigma.map((s) => (s > 1e-9 ? 1 / s : 0)) };
}

/** A network's raw answers, with parameters that change from epoch to epoch. */
class Answers {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async open(
    network: SequenceNetwork,
    parameters: readonly Parameter[],
    cells: Float32Array,
  ): Promise<Answers> {
    const g = new Graph();
    const x = g.input('x', SHAPE);
    const values = Object.fromEntries(parameters.map(({ name, dims }) => [name, g.input(name, dims)]));
    const { logits, returns } = sequenceForward(g, network, x, values, cells);
    const bytes = g.encode('raw', [g.named(logits, 'logits'), g.named(returns, 'scaledReturns')]);
    return new Answers(await InferenceSession.create(bytes, SESSION_OPTIONS));
  }

  async of(
    parameters: readonly Parameter[],
    held: SequenceBatches,
  ): Promise<{ logits: Float32Array; returns: Float32Array }> {
    const width = HORIZONS.length;
    const logits = new Float32Array(held.rows * width * 3);
    const returns = new Float32Array(held.rows * width);
    const feeds = tensorsOf(parameters);
    for (const { x, from } of held.inOrder()) {
      const answer = await this.#session.run({ ...feeds, x });
      logits.set(answer['logits']!.data as Float32Array, from * width * 3);
      returns.set(answer['scaledReturns']!.data as Float32Array, from * width);
    }
    return { logits, returns };
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
