import { createHash } from 'node:crypto';
import { Tensor } from 'onnxruntime-node';
import { CATALOGUE, FEATURE_COUNT, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { SuhoError } from '../errors.js';
import { EMBEDDING } from '../inference/slab.js';
import { buildDataset, type Dataset } from './dataset.js';
import { score, type HorizonScore, type Outcome } from './evaluation.js';
import {
  ENCODER_HIDDEN,
  HIDDEN_1,
  HIDDEN_2,
  TrainingStep,
  autoencoderParameters,
  encoderModel,
  predictorModel,
  predictorParameters,
  rawOutputs,
  runModel,
  type Normalisation,
  type OutputScale,
  type Parameter,
} from './network.js';
import { Random } from './random.js';
import { holdOut, walkForward, type RowRange } from './split.js';

const WIDTH = HORIZONS.length;
const CLASSES = WIDTH * 3;
const BATCH = 256;
const EPOCHS_MAX = 30;
const PATIENCE = 4;
const RATE = 1.5e-3;
const DECAY = 0.5;
/** Standard errors above the commoner direction that the walk-forward leaning must reach to count as skill. */
const EDGE_Z = 3;
/** Rows without which training is refused. */
const ROWS_MIN = 600;

export interface TrainingOptions {
  readonly seed: number;
  readonly folds: number;
  /** Newest rows used at most; older markets teach less, and time is bounded. */
  readonly rowsMax: number;
  /** An encoder to keep instead of training one. */
  readonly encoder?: Uint8Array | undefined;
  readonly onProgress?: (done: number, total: number, stage: string) => void;
  /** Called before every step; one that throws ends the training. */
  readonly beforeStep?: () => void;
}

/** What a model is made by, as the registry names it; a change here is a new major version. */
export const MODEL_FORM = {
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
} as const;

export interface TrainingResult {
  readonly predictor: Uint8Array;
  readonly encoder: Uint8Array;
  readonly embeddingVersion: string;
  readonly anomalyScale: number;
  /** Walk-forward scores, one a horizon. */
  readonly scores: readonly HorizonScore[];
  readonly edge: readonly boolean[];
  readonly primaryHorizon: number;
  readonly trainedFrom: number;
  readonly trainedThrough: number;
  readonly rows: number;
  /** Moments whose outcome is known, to fill the pattern index with: times, vectors, outcomes. */
  readonly history: {
    readonly closeTimes: Float64Array;
    readonly resolvedAt: Float64Array;
    readonly vectors: Float32Array;
    readonly directions: Float32Array;
    readonly returns: Float32Array;
  };
}

/**
 * Trains a multi-horizon predictor and an autoencoder on bars, oldest first, all of them closed. Everything
 * is seeded and single-threaded: the same bars and seed give the same files. Throws `BAD_INPUT` when there
 * are too few rows.
 */
export async function train(
  bars: readonly Bar[],
  timeframe: Timeframe,
  options: TrainingOptions,
): Promise<TrainingResult> {
  const whole = buildDataset(bars, timeframe);
  const dataset = newest(whole, options.rowsMax);
  if (dataset.rows < ROWS_MIN) {
    throw new SuhoError(
      'BAD_INPUT',
      `Training needs ${ROWS_MIN} bars after the first 199 that warm up the features; there are ${dataset.rows}.`,
    );
  }
  const stages = options.folds + 2;
  let stage = 0;
  const progress = (name: string): void => options.onProgress?.(++stage, stages, name);

  const outcomes: Outcome[][] = HORIZONS.map(() => []);
  for (const fold of walkForward(dataset, options.folds, 0.5)) {
    const fitted = await fit(dataset, fold.train, fold.validation, options);
    await predict(dataset, fitted, fold.test, outcomes);
    progress('walk-forward');
  }
  const lengthMs = timeframeMs(timeframe);
  const scores = outcomes.map((list, horizon) => score(horizon, list, lengthMs));
  const edge = scores.map(
    ({ directional, effectiveSamples }) => directional.z >= EDGE_Z && effectiveSamples >= 30,
  );
  const best = scores.reduce((a, b, i) => (b.directional.z > scores[a]!.directional.z ? i : a), 0);
  const primaryHorizon = edge.includes(true) ? best : 0;

  const { train: rows, validation } = holdOut(dataset, dataset.rows, 0.15);
  const final = await fit(dataset, rows, validation, options);
  progress('final model');
  const metadata = describe(dataset, timeframe, scores, edge);
  const encoder = options.encoder ?? (await trainEncoder(dataset, rows, options, timeframe, metadata));
  progress('encoder');
  return {
    predictor: predictorModel(final.parameters, final.normalisation, final.scale, metadata),
    encoder,
    embeddingVersion: `e-${createHash('sha256').update(encoder).digest('hex').slice(0, 12)}`,
    anomalyScale: await anomalyScale(encoder, dataset),
    scores,
    edge,
    primaryHorizon,
    trainedFrom: dataset.closeTimes[0]!,
    trainedThrough: dataset.closeTimes[dataset.rows - 1]!,
    rows: dataset.rows,
    history: await history(encoder, whole),
  };
}

function describe(
  dataset: Dataset,
  timeframe: Timeframe,
  scores: readonly HorizonScore[],
  edge: readonly boolean[],
): Record<string, string> {
  return {
    featureSetVersion: FEATURE_SET_VERSION,
    features: JSON.stringify(CATALOGUE.map(({ name }) => name)),
    horizons: JSON.stringify(HORIZONS),
    timeframe,
    trainedFrom: String(dataset.closeTimes[0]),
    trainedThrough: String(dataset.closeTimes[dataset.rows - 1]),
    metrics: JSON.stringify(scores),
    edge: JSON.stringify(edge),
  };
}

function newest(dataset: Dataset, rowsMax: number): Dataset {
  if (dataset.rows <= rowsMax) return dataset;
  const from = dataset.rows - rowsMax;
  return {
    rows: rowsMax,
    features: dataset.features.subarray(from * FEATURE_COUNT),
    closeTimes: dataset.closeTimes.subarray(from),
    directions: dataset.directions.subarray(from * WIDTH),
    returns: dataset.returns.subarray(from * WIDTH),
    resolvedAt: dataset.resolvedAt.subarray(from * WIDTH),
  };
}

interface Fitted {
  readonly parameters: Parameter[];
  readonly normalisation: Normalisation;
  readonly scale: OutputScale;
}

/** Mean and spread of each feature over the training rows, unknown values left out. */
function moments(dataset: Dataset, { from, to }: RowRange): { mean: Float32Array; sigma: Float32Array } {
  const mean = new Float32Array(FEATURE_COUNT);
  const sigma = new Float32Array(FEATURE_COUNT);
  for (let column = 0; column < FEATURE_COUNT; column++) {
    let n = 0;
    let sum = 0;
    let squares = 0;
    for (let row = from; row < to; row++) {
      const x = dataset.features[row * FEATURE_COUNT + column]!;
      if (!Number.isFinite(x)) continue;
      n++;
      sum += x;
      squares += x * x;
    }
    if (n === 0) continue;
    mean[column] = sum / n;
    sigma[column] = Math.sqrt(Math.max(0, squares / n - (sum / n) * (sum / n)));
  }
  return { mean, sigma };
}

/**
 * How much a feature is let in. A feature that says nothing of any horizon on the training rows is scaled
 * down, so weight decay holds its weights near nothing: with few thousand rows and hundreds of features, the
 * noise of the many would drown the edge of the few. Measured by how the direction's mean differs between
 * ten quantile bins (chi-squared against no difference, in standard deviations).
 */
function relevance(dataset: Dataset, range: RowRange): Float32Array {
  const weights = new Float32Array(FEATURE_COUNT);
  const bins = 10;
  const rows = range.to - range.from;
  const values = new Float32Array(rows);
  for (let column = 0; column < FEATURE_COUNT; column++) {
    let known = 0;
    for (let row = 0; row < rows; row++) {
      const x = dataset.features[(range.from + row) * FEATURE_COUNT + column]!;
      if (Number.isFinite(x)) values[known++] = x;
    }
    if (known < rows / 4) continue;
    const sorted = values.slice(0, known).sort();
    const edges = Array.from({ length: bins - 1 }, (_, i) => sorted[Math.floor(((i + 1) * known) / bins)]!);
    let strongest = 0;
    for (let horizon = 0; horizon < WIDTH; horizon++) {
      strongest = Math.max(strongest, association(dataset, range, column, horizon, edges));
    }
    weights[column] = Math.max(0.03, Math.min(1, (strongest - 2) / 6));
  }
  return weights;
}

function association(
  dataset: Dataset,
  range: RowRange,
  column: number,
  horizon: number,
  edges: readonly number[],
): number {
  const counts = new Float64Array(edges.length + 1);
  const sums = new Float64Array(edges.length + 1);
  let n = 0;
  let sum = 0;
  let squares = 0;
  for (let row = range.from; row < range.to; row++) {
    const y = dataset.directions[row * WIDTH + horizon]!;
    const x = dataset.features[row * FEATURE_COUNT + column]!;
    if (y !== y || !Number.isFinite(x)) continue;
    let bin = 0;
    while (bin < edges.length && x >= edges[bin]!) bin++;
    counts[bin]!++;
    sums[bin]! += y;
    n++;
    sum += y;
    squares += y * y;
  }
  if (n < 100) return 0;
  const mean = sum / n;
  const variance = squares / n - mean * mean;
  if (variance <= 0) return 0;
  let chi = 0;
  let used = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (counts[bin] === 0) continue;
    used++;
    const deviation = sums[bin]! / counts[bin]! - mean;
    chi += (counts[bin]! * deviation * deviation) / variance;
  }
  const freedom = Math.max(1, used - 1);
  // Overlapping outcomes repeat each other; what is left counts like independent ones.
  const overlap = Math.max(1, overlapOf(dataset, horizon));
  return (chi / overlap - freedom) / Math.sqrt(2 * freedom);
}

function overlapOf(dataset: Dataset, horizon: number): number {
  const step =
    (dataset.closeTimes[dataset.rows - 1]! - dataset.closeTimes[0]!) / Math.max(1, dataset.rows - 1);
  return HORIZON_MS[horizon]! / step;
}

async function fit(
  dataset: Dataset,
  rows: RowRange,
  validation: RowRange,
  { seed, beforeStep }: TrainingOptions,
): Promise<Fitted> {
  const { mean, sigma } = moments(dataset, rows);
  const weights = relevance(dataset, rows);
  const scale = sigma.map((s, i) => (s > 1e-9 ? weights[i]! / s : 0));
  const normalisation = { mean, scale };
  const returnScale = HORIZONS.map((_, horizon) => returnSpread(dataset, rows, horizon));
  const batches = new Batches(dataset, rows, normalisation, returnScale, seed);
  const held = new Batches(dataset, validation, normalisation, returnScale, seed);
  const step = await TrainingStep.predictor(predictorParameters(seed));
  let best = { loss: Infinity, parameters: step.parameters() };
  let worse = 0;
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
  await step.close();
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

function returnSpread(dataset: Dataset, { from, to }: RowRange, horizon: number): number {
  let n = 0;
  let squares = 0;
  for (let row = from; row < to; row++) {
    const r = dataset.returns[row * WIDTH + horizon]!;
    if (r !== r) continue;
    n++;
    squares += r * r;
  }
  return n === 0 || squares === 0 ? 1 : Math.sqrt(squares / n);
}

/** Log base rate of each class of each horizon, one observation added to each. */
function priors(dataset: Dataset, { from, to }: RowRange): number[] {
  const counts = new Float64Array(CLASSES).fill(1);
  for (let row = from; row < to; row++) {
    for (let horizon = 0; horizon < WIDTH; horizon++) {
      const direction = dataset.directions[row * WIDTH + horizon]!;
      if (direction === direction) counts[horizon * 3 + direction + 1]!++;
    }
  }
  return Array.from(counts, (count, i) => {
    const first = Math.floor(i / 3) * 3;
    return Math.log(count / (counts[first]! + counts[first + 1]! + counts[first + 2]!));
  });
}

/** Rows made ready for the network: normalised inputs and targets, and batches of them in a seeded order. */
class Batches {
  readonly rows: number;
  readonly inputs: Float32Array;
  readonly classes: Float32Array;
  readonly targets: Float32Array;
  readonly known: Float32Array;
  readonly #random: Random;

  constructor(
    dataset: Dataset,
    { from, to }: RowRange,
    { mean, scale }: Normalisation,
    returnScale: readonly number[],
    seed: number,
  ) {
    const rows = Math.max(0, to - from);
    this.rows = rows;
    this.#random = new Random(seed + 1);
    this.inputs = new Float32Array(rows * FEATURE_COUNT);
    this.classes = new Float32Array(rows * CLASSES);
    this.targets = new Float32Array(rows * WIDTH);
    this.known = new Float32Array(rows * WIDTH);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < FEATURE_COUNT; column++) {
        const x = dataset.features[(from + row) * FEATURE_COUNT + column]!;
        const z = x === x ? (x - mean[column]!) * scale[column]! : 0;
        this.inputs[row * FEATURE_COUNT + column] = Math.max(-5, Math.min(5, z));
      }
      for (let horizon = 0; horizon < WIDTH; horizon++) {
        const direction = dataset.directions[(from + row) * WIDTH + horizon]!;
        if (direction !== direction) continue;
        this.classes[row * CLASSES + horizon * 3 + direction + 1] = 1;
        const r = dataset.returns[(from + row) * WIDTH + horizon]! / returnScale[horizon]!;
        this.targets[row * WIDTH + horizon] = Math.max(-4, Math.min(4, r));
        this.known[row * WIDTH + horizon] = 1;
      }
    }
  }

  *epoch(): Generator<{ batch: Readonly<Record<string, Tensor>>; rows: number }> {
    const order = Uint32Array.from({ length: this.rows }, (_, i) => i);
    this.#random.shuffle(order);
    for (let from = 0; from + BATCH <= order.length || from === 0; from += BATCH) {
      const rows = order.subarray(from, from + BATCH);
      if (rows.length === 0) return;
      yield {
        rows: rows.length,
        batch: {
          x: gather(this.inputs, rows, FEATURE_COUNT),
          classes: gather(this.classes, rows, CLASSES),
          targets: gather(this.targets, rows, WIDTH),
          targetKnown: gather(this.known, rows, WIDTH),
        },
      };
    }
  }
}

function gather(from: Float32Array, rows: Uint32Array, width: number): Tensor {
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => data.set(from.subarray(row * width, (row + 1) * width), i * width));
  return new Tensor('float32', data, [rows.length, width]);
}

/** Mean negative log-likelihood of the known classes. */
function logLoss(held: Batches, { logits }: { logits: Float32Array }): number {
  let loss = 0;
  let n = 0;
  for (let i = 0; i < held.rows * WIDTH; i++) {
    if (held.known[i] === 0) continue;
    loss -= Math.log(probabilityOf(held, logits, i, 1, undefined));
    n++;
  }
  return n === 0 ? Infinity : loss / n;
}

/** Probability of the class that came true for cell `i` (row × horizon), with logits made less sharp. */
function probabilityOf(
  held: Batches,
  logits: Float32Array,
  i: number,
  sharp: number,
  logPriors: readonly number[] | undefined,
): number {
  const first = i * 3;
  const horizon = i % WIDTH;
  let total = 0;
  let actual = 0;
  for (let c = 0; c < 3; c++) {
    const prior = logPriors === undefined ? 0 : logPriors[horizon * 3 + c]! * (1 - sharp);
    const e = Math.exp(Math.max(-30, Math.min(30, logits[first + c]! * sharp + prior)));
    total += e;
    if (held.classes[first + c] === 1) actual = e;
  }
  return Math.max(1e-12, actual / total);
}

/** The sharpness in 0..1.2 that gives the validation rows the best likelihood. */
function sharpness(
  held: Batches,
  logits: Float32Array,
  logPriors: readonly number[],
  horizon: number,
): number {
  let best = 0;
  let bestLoss = Infinity;
  for (let step = 0; step <= 24; step++) {
    const sharp = step / 20;
    let loss = 0;
    for (let row = 0; row < held.rows; row++) {
      const i = row * WIDTH + horizon;
      if (held.known[i] === 1) loss -= Math.log(probabilityOf(held, logits, i, sharp, logPriors));
    }
    if (loss < bestLoss) {
      bestLoss = loss;
      best = sharp;
    }
  }
  return best;
}

/** Least-squares factor in 0..1 by which predicted returns are shrunk. */
function returnShrink(held: Batches, returns: Float32Array, horizon: number): number {
  let product = 0;
  let squares = 0;
  for (let row = 0; row < held.rows; row++) {
    const i = row * WIDTH + horizon;
    if (held.known[i] === 0) continue;
    product += returns[i]! * held.targets[i]!;
    squares += returns[i]! * returns[i]!;
  }
  return squares === 0 ? 0 : Math.max(0, Math.min(1, product / squares));
}

/** Adds the test rows' predictions and outcomes, by horizon. */
async function predict(
  dataset: Dataset,
  fitted: Fitted,
  range: RowRange,
  outcomes: readonly Outcome[][],
): Promise<void> {
  const rows = range.to - range.from;
  if (rows <= 0) return;
  const model = predictorModel(fitted.parameters, fitted.normalisation, fitted.scale, {});
  const features = dataset.features.subarray(range.from * FEATURE_COUNT, range.to * FEATURE_COUNT);
  const probabilities = await runModel(model, features, rows, 'probabilities', CLASSES);
  for (let horizon = 0; horizon < WIDTH; horizon++) {
    const last = lastKnown(dataset, horizon);
    for (let row = 0; row < rows; row++) {
      const actual = dataset.directions[(range.from + row) * WIDTH + horizon]!;
      if (actual !== actual) continue;
      const at = row * CLASSES + horizon * 3;
      const [down, flat, up] = [probabilities[at]!, probabilities[at + 1]!, probabilities[at + 2]!];
      const predicted = flat >= down && flat >= up ? 0 : up >= down ? 1 : -1;
      outcomes[horizon]!.push({
        closeTime: dataset.closeTimes[range.from + row]!,
        predicted,
        leaning: up >= down ? 1 : -1,
        actual,
        last: last(range.from + row),
      });
    }
  }
}

/** Direction of the newest row whose outcome was known when a row closed; rows must be asked in order. */
function lastKnown(dataset: Dataset, horizon: number): (row: number) => number {
  let next = 0;
  let direction = NaN;
  return (row) => {
    while (next < row && dataset.resolvedAt[next * WIDTH + horizon]! <= dataset.closeTimes[row]!) {
      direction = dataset.directions[next * WIDTH + horizon]!;
      next++;
    }
    return direction;
  };
}

async function trainEncoder(
  dataset: Dataset,
  rows: RowRange,
  { seed, beforeStep }: TrainingOptions,
  timeframe: Timeframe,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const { mean, sigma } = moments(dataset, rows);
  const normalisation = { mean, scale: sigma.map((s) => (s > 1e-9 ? 1 / s : 0)) };
  const batches = new Batches(dataset, rows, normalisation, [1, 1, 1], seed + 2);
  const step = await TrainingStep.autoencoder(autoencoderParameters(seed));
  const epochs = Math.max(2, Math.min(8, Math.round(60_000 / batches.rows)));
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { batch, rows: n } of batches.epoch()) {
      beforeStep?.();
      await step.run({ x: batch['x']! }, n, 2e-3, 0);
    }
  }
  const parameters = step.parameters();
  await step.close();
  const { featureSetVersion = '', features = '' } = metadata;
  return encoderModel(parameters, normalisation, { featureSetVersion, features, timeframe });
}

/** Reconstruction error that 99 % of the rows stay below. */
async function anomalyScale(encoder: Uint8Array, dataset: Dataset): Promise<number> {
  const errors = await runModel(encoder, dataset.features, dataset.rows, 'error', 1);
  errors.sort();
  return Math.max(1e-9, errors[Math.floor(errors.length * 0.99)]!);
}

/** Embeds every row whose outcome is known over all horizons. */
async function history(encoder: Uint8Array, dataset: Dataset): Promise<TrainingResult['history']> {
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
