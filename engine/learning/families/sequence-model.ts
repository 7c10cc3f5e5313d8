import { InferenceSession } from '../../onnx-runtime.js';
import { HORIZONS } from '../../../actors/features/labels.js';
import { CHANNEL_COUNT, SEQUENCE_BARS } from '../../../actors/features/sequence-channels.js';
import { logLoss, priors, returnShrink } from '../calibration.js';
import { sharesApart } from '../comparison.js';
import type { Dataset } from '../dataset.js';
import { meanAndDeviation, returnSpread } from '../feature-scaling.js';
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
import { SEQUENCE_BATCH, SequenceBatches, type Answered } from '../sequence-batches.js';
import { HEADS, addNetwork, networkParameters, type SequenceNetwork } from '../sequence-network.js';
import { fitStraight, straightForward, type FittedStraight, type StraightPath } from '../straight-path.js';
import { calibrate } from './calibrate.js';
import { allProbabilities, calibrated, calibratedBy, type Calibration } from './calibrated.js';
import {
  Fitted,
  type Answers,
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
  /** Epochs without a gain on the validation rows after which it ends; the first gain has to come one epoch sooner. */
  readonly patience: number;
  readonly rate: number;
  readonly decay: number;
}

const SHARPNESS_MAX = 1.2;

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
  readonly straight: StraightPath;
  readonly calibration: Calibration;
  /** Factor of each horizon's returns. */
  readonly returnScale: readonly number[];
  /** Logits and returns of the validation rows, before calibration and scale. */
  readonly answered: Answered;
}

class FittedSequenceModel extends Fitted {
  readonly family: FamilyName;
  readonly made: FamilyForm;
  readonly validated: Answers;
  readonly calibratedBy;
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
    const { answered, calibration, returnScale } = found;
    this.validated = {
      probabilities: allProbabilities(answered.logits, calibration),
      returns: answered.returns.map((r, i) => r * returnScale[i % HORIZONS.length]!),
    };
    this.calibratedBy = calibratedBy(family, calibration);
  }

  outputs(g: Graph, inputs: ModelInputs): Outputs {
    const { normalisation, straight, calibration, returnScale } = this.#found;
    const x = normalise(g, inputs.sequence, normalisation);
    const { logits, returns } = this.#withNetwork(g, x, straightForward(g, x, straight));
    return {
      probabilities: calibrated(g, logits, calibration),
      returns: g.mul(returns, g.constant(returnScale, [HORIZONS.length])),
    };
  }

  /** What the network adds; one that no horizon gained from is left out of the file. */
  #withNetwork(g: Graph, x: Value, forecast: Forecast): Forecast {
    const { parameters } = this.#found;
    const heads = parameters.filter(({ name }) => HEADS.includes(name));
    if (heads.every(({ data }) => data.every((w) => w === 0))) return forecast;
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
    return addNetwork(g, this.#network, x, byName, forecast);
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
  const normalisation = normalisationOf(dataset, train);
  const returnScale = HORIZONS.map((_, horizon) => returnSpread(dataset, train, horizon));
  const rows = new SequenceBatches(dataset, train, normalisation, returnScale, seed);
  const held = new SequenceBatches(dataset, validation, normalisation, returnScale, seed);
  const straight = straightOf(dataset, { train, validation }, () => fitStraight(rows, held, beforeStep));
  const whole = await trainNetwork(made, seed, { rows, held, straight, beforeStep });
  const { parameters, logits, returns } = whole;
  return new FittedSequenceModel(made, {
    parameters,
    normalisation,
    straight: straight.path,
    calibration: calibrate({
      held,
      logits,
      logPriors: priors(dataset, train),
      sharesApart: sharesApart(dataset, validation),
      sharpnessMax: SHARPNESS_MAX,
    }),
    returnScale: returnScale.map((spread, h) => spread * returnShrink(held, returns, h)),
    answered: { logits, returns },
  });
}

/** The straight path that was last fitted to each dataset's rows: it is the same for every kind of network. */
const straights = new WeakMap<Dataset, { readonly rows: string; readonly straight: FittedStraight }>();

function straightOf(dataset: Dataset, split: Split, fit: () => FittedStraight): FittedStraight {
  const rows = JSON.stringify(split);
  const last = straights.get(dataset);
  if (last?.rows === rows) return last.straight;
  const straight = fit();
  straights.set(dataset, { rows, straight });
  return straight;
}

/** Trained parameters, and what they answer to the validation rows. */
interface Reached {
  readonly parameters: readonly Parameter[];
  readonly logits: Float32Array;
  readonly returns: Float32Array;
  /** Mean negative log-likelihood of each horizon. */
  readonly losses: readonly number[];
}

/** What a network is trained on and stopped by. */
interface Training {
  readonly rows: SequenceBatches;
  readonly held: SequenceBatches;
  readonly straight: FittedStraight;
  readonly beforeStep: FitOptions['beforeStep'];
}

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

/**
 * Trains a network to add to the straight path until the validation rows no longer gain; what was best, no network at all not
 * excepted. All horizons share it; one that it makes worse goes without.
 */
async function trainNetwork(
  { network, rules }: Made,
  seed: number,
  { rows: batches, held, straight, beforeStep }: Training,
): Promise<Reached> {
  const initial = networkParameters(network, seed);
  const g = new Graph();
  const step = await TrainingStep.forecaster(g, initial, forwardOf(g, network));
  const answers = await NetworkSession.open(network, initial);
  const reach = async (parameters: readonly Parameter[]): Promise<Reached> => {
    const answer = await answers.of(parameters, held, straight.heldAnswered);
    const losses = HORIZONS.map((_, h) => logLoss(held, answer, h));
    return { parameters, ...answer, losses: losses.map((loss) => (Number.isFinite(loss) ? loss : 0)) };
  };
  try {
    const start = await reach(initial);
    let best = start;
    let worse = 1;
    for (let epoch = 0; epoch < rules.epochsMax && worse < rules.patience; epoch++) {
      const rate = rules.rate * (1 - (0.8 * epoch) / rules.epochsMax);
      for (const { batch, rows } of batches.epoch(straight.answered)) {
        beforeStep?.();
        await step.run(batch, rows, rate, rules.decay);
      }
      const reached = await reach(step.parameters());
      const next = mixed(
        reached,
        start,
        reached.losses.map((loss, h) => loss >= start.losses[h]!),
      );
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

/** The network over inputs of its own, beside what the straight path answered. */
function forwardOf(g: Graph, network: SequenceNetwork): (p: Values) => Forecast {
  const x = g.input('x', ['batch', SEQUENCE_BARS, CHANNEL_COUNT]);
  const logits = g.input('logits', ['batch', HORIZONS.length * 3]);
  const returns = g.input('returns', ['batch', HORIZONS.length]);
  return (p) => addNetwork(g, network, x, p, { logits, returns });
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
class NetworkSession {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async open(network: SequenceNetwork, parameters: readonly Parameter[]): Promise<NetworkSession> {
    const g = new Graph();
    const values = Object.fromEntries(parameters.map(({ name, dims }) => [name, g.input(name, dims)]));
    const { logits, returns } = forwardOf(g, network)(values);
    const bytes = g.encode('raw', [g.named(logits, 'rawLogits'), g.named(returns, 'scaledReturns')]);
    return new NetworkSession(await InferenceSession.create(bytes, SESSION_OPTIONS));
  }

  async of(parameters: readonly Parameter[], held: SequenceBatches, straight: Answered): Promise<Answered> {
    const width = HORIZONS.length;
    const logits = new Float32Array(held.rows * width * 3);
    const returns = new Float32Array(held.rows * width);
    const feeds = tensorsOf(parameters);
    for (const { batch, from } of held.inOrder(straight)) {
      const answer = await this.#session.run({ ...feeds, ...batch });
      logits.set(answer['rawLogits']!.data as Float32Array, from * width * 3);
      returns.set(answer['scaledReturns']!.data as Float32Array, from * width);
    }
    return { logits, returns };
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
