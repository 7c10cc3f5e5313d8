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
  type Forecast,
  type Normalisation,
  type Parameter,
  type Values,
} from '../network.js';
import { Graph, type Value } from '../onnx/graph.js';
import { SEQUENCE_BATCH, SequenceBatches } from '../sequence-batches.js';
import {
  HEADS,
  networkParameters,
  sequenceForward,
  straightForward,
  straightParameters,
  type SequenceNetwork,
  type Straight,
} from '../sequence-network.js';
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
/** Of the straight path, whatever the network. */
const STRAIGHT_RULES: SequenceRules = { epochsMax: 30, patience: 5, rate: 3e-3, decay: 10 };
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
  readonly straight: Straight;
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
    const { parameters, normalisation, straight, calibration, returnScale } = this.#found;
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
    const { logits, returns } = sequenceForward(g, this.#network, x, byName, straight);
    return {
      probabilities: calibrated(g, logits, calibration),
      returns: g.mul(returns, g.constant(returnScale, [HORIZONS.length])),
    };
  }
}

/**
 * Fits a network of sequences to rows and calibrates it on the validation rows. The straight path is fitted first, by itself; the
 * network then adds to it what the validation rows gain from.
 */
export async function fitSequence(
  made: Made,
  dataset: Dataset,
  { train, validation }: Split,
  { seed, beforeStep }: FitOptions,
): Promise<Fitted> {
  const { network, rules } = made;
  const normalisation = normalisationOf(dataset, train);
  const returnScale = HORIZONS.map((_, horizon) => returnSpread(dataset, train, horizon));
  const rows = new SequenceBatches(dataset, train, normalisation, returnScale, seed);
  const held = new SequenceBatches(dataset, validation, normalisation, returnScale, seed);
  const logPriors = priors(dataset, train);
  const straight: Straight = {
    cells: relevance(dataset, train, {
      values: dataset.channels,
      stride: CHANNEL_COUNT,
      count: SEQUENCE_SIZE,
    }),
    pairs: relevance(dataset, train, rows.products(train.from)),
  };
  const linear = await fitStage(straightParameters(seed, logPriors), STRAIGHT_RULES, {
    rows,
    held,
    beforeStep,
    forward: (g, x, p) => straightForward(g, x, p, straight),
    keep: eachHorizon,
  });
  const whole = await fitStage([...linear.parameters, ...networkParameters(network, seed)], rules, {
    rows,
    held,
    beforeStep,
    forward: (g, x, p) => sequenceForward(g, network, x, p, straight),
    keep: sharedNetwork,
  });
  const { parameters, logits, returns } = whole;
  return new FittedSequenceModel(made, {
    parameters,
    normalisation,
    straight,
    calibration: {
      logPriors,
      sharpness: HORIZONS.map((_, h) => sharpness(held, logits, logPriors, h, SHARPNESS_MAX)),
    },
    returnScale: returnScale.map((spread, h) => spread * returnShrink(held, returns, h)),
  });
}

/** Trained parameters, and what they answer to the validation rows. */
interface Reached {
  readonly parameters: readonly Parameter[];
  readonly logits: Float32Array;
  readonly returns: Float32Array;
  /** Mean negative log-likelihood of each horizon. */
  readonly losses: readonly number[];
}

interface Stage {
  readonly rows: SequenceBatches;
  readonly held: SequenceBatches;
  readonly beforeStep: FitOptions['beforeStep'];
  readonly forward: (g: Graph, x: Value, p: Values) => Forecast;
  /** Of an epoch's result: what is kept of it beside the best so far and the start. */
  readonly keep: (now: Reached, best: Reached, start: Reached) => Reached;
}

/** Each horizon by itself: those of long horizons overlap, and are learned by heart long before short ones are learned. */
const eachHorizon: Stage['keep'] = (now, best) =>
  mixed(
    best,
    now,
    now.losses.map((loss, h) => loss < best.losses[h]!),
  );

/** A network that all horizons share; one that it makes worse goes without. */
const sharedNetwork: Stage['keep'] = (now, _, start) =>
  mixed(
    now,
    start,
    now.losses.map((loss, h) => loss >= start.losses[h]!),
  );

/** One result with the heads of some horizons taken from another. */
function mixed(one: Reached, other: Reached, ofOther: readonly boolean[]): Reached {
  const columns = (a: Float32Array, b: Float32Array, width: number): Float32Array =>
    a.map((x, i) => (ofOther[Math.floor(((i % width) * ofOther.length) / width)]! ? b[i]! : x));
  return {
    parameters: one.parameters.map((parameter, i) =>
      HEADS.includes(parameter.name)
        ? { ...parameter, data: columns(parameter.data, other.parameters[i]!.data, parameter.dims.at(-1)!) }
        : parameter,
    ),
    logits: columns(one.logits, other.logits, ofOther.length * 3),
    returns: columns(one.returns, other.returns, ofOther.length),
    losses: one.losses.map((loss, h) => (ofOther[h]! ? other.losses[h]! : loss)),
  };
}

const total = ({ losses }: Reached): number => losses.reduce((sum, loss) => sum + loss, 0);

/** Trains parameters until the validation rows no longer gain; what was best of them, the start not excepted. */
async function fitStage(
  initial: readonly Parameter[],
  rules: SequenceRules,
  { rows: batches, held, beforeStep, forward, keep }: Stage,
): Promise<Reached> {
  const g = new Graph();
  const x = g.input('x', SHAPE);
  const step = await TrainingStep.forecaster(g, initial, (p) => forward(g, x, p));
  const answers = await Answers.open(initial, forward);
  const reach = async (parameters: readonly Parameter[]): Promise<Reached> => {
    const answer = await answers.of(parameters, held);
    const losses = HORIZONS.map((_, h) => logLoss(held, answer, h));
    return { parameters, ...answer, losses: losses.map((loss) => (Number.isFinite(loss) ? loss : 0)) };
  };
  try {
    const start = await reach(initial);
    let best = start;
    let worse = 0;
    for (let epoch = 0; epoch < rules.epochsMax && worse < rules.patience; epoch++) {
      const rate = rules.rate * (1 - (0.8 * epoch) / rules.epochsMax);
      for (const { batch, rows } of batches.epoch()) {
        beforeStep?.();
        await step.run(batch, rows, rate, rules.decay);
      }
      const next = keep(await reach(step.parameters()), best, start);
      const gains = total(next) < total(best) - 1e-5;
      if (gains) best = next;
      worse = gains ? 0 : worse + 1;
    }
    return best;
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

  static async open(parameters: readonly Parameter[], forward: Stage['forward']): Promise<Answers> {
    const g = new Graph();
    const x = g.input('x', SHAPE);
    const values = Object.fromEntries(parameters.map(({ name, dims }) => [name, g.input(name, dims)]));
    const { logits, returns } = forward(g, x, values);
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
