import { InferenceSession, Tensor } from '../onnx-runtime.js';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { EMBEDDING } from '../inference/slab.js';
import { Graph, type Value } from './onnx/graph.js';
import { Random } from './random.js';

/** One thread, so that the same numbers give the same bits. */
export const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
};
const CLASSES = HORIZONS.length * 3;
export const HIDDEN_1 = 64;
export const HIDDEN_2 = 32;
export const ENCODER_HIDDEN = 128;
/** Inputs are held within this many standard deviations. */
const CLIP = 5;

const BETA_1 = 0.9;
const BETA_2 = 0.999;

/** A trainable tensor. */
export interface Parameter {
  readonly name: string;
  readonly dims: readonly number[];
  data: Float32Array;
  /** Whether weight decay applies (weights, not biases). */
  readonly decays: boolean;
}

/** How inputs become network inputs: (x − mean) · scale, NaN → 0, clipped. */
export interface Normalisation {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

/** Normal weights whose products keep the spread of their inputs, times `gain`. */
export function weight(name: string, rows: number, columns: number, random: Random, gain: number): Parameter {
  const sigma = gain / Math.sqrt(rows);
  const data = Float32Array.from({ length: rows * columns }, () => random.normal() * sigma);
  return { name, dims: [rows, columns], data, decays: true };
}

export function bias(name: string, size: number): Parameter {
  return { name, dims: [size], data: new Float32Array(size), decays: false };
}

/** Parameters of the predictor: two hidden layers and a linear path around them, to both heads. */
export function predictorParameters(seed: number): Parameter[] {
  const random = new Random(seed);
  return [
    weight('w1', FEATURE_COUNT, HIDDEN_1, random, 1.4),
    bias('b1', HIDDEN_1),
    weight('w2', HIDDEN_1, HIDDEN_2, random, 1.4),
    bias('b2', HIDDEN_2),
    weight('w3', HIDDEN_2, CLASSES, random, 0.3),
    bias('b3', CLASSES),
    weight('w4', HIDDEN_2, HORIZONS.length, random, 0.3),
    bias('b4', HORIZONS.length),
    weight('skip', FEATURE_COUNT, CLASSES, random, 0.02),
    weight('skipReturns', FEATURE_COUNT, HORIZONS.length, random, 0.02),
  ];
}

/** Parameters of the autoencoder whose narrow middle is the pattern embedding. */
export function autoencoderParameters(seed: number): Parameter[] {
  const random = new Random(seed);
  return [
    weight('e1', FEATURE_COUNT, ENCODER_HIDDEN, random, 1),
    bias('eb1', ENCODER_HIDDEN),
    weight('e2', ENCODER_HIDDEN, EMBEDDING, random, 1),
    bias('eb2', EMBEDDING),
    weight('d1', EMBEDDING, ENCODER_HIDDEN, random, 1),
    bias('db1', ENCODER_HIDDEN),
    weight('d2', ENCODER_HIDDEN, FEATURE_COUNT, random, 1),
    bias('db2', FEATURE_COUNT),
  ];
}

export type Values = Readonly<Record<string, Value>>;

export function dense(g: Graph, x: Value, w: Value, b: Value): Value {
  return g.add(g.matMul(x, w), b);
}

/** Logits (batch × 9) and returns (batch × 3, in units of their scale). */
export interface Forecast {
  readonly logits: Value;
  readonly returns: Value;
}

/** What a network answers to normalised inputs. */
function predictorForward(g: Graph, x: Value, p: Values): Forecast {
  const h1 = g.relu(dense(g, x, p['w1']!, p['b1']!));
  const h2 = g.relu(dense(g, h1, p['w2']!, p['b2']!));
  return {
    logits: g.add(dense(g, h2, p['w3']!, p['b3']!), g.matMul(x, p['skip']!)),
    returns: g.add(dense(g, h2, p['w4']!, p['b4']!), g.matMul(x, p['skipReturns']!)),
  };
}

function autoencoderForward(g: Graph, x: Value, p: Values): { embedding: Value; output: Value } {
  const embedding = g.tanh(dense(g, g.tanh(dense(g, x, p['e1']!, p['eb1']!)), p['e2']!, p['eb2']!));
  const output = dense(g, g.tanh(dense(g, embedding, p['d1']!, p['db1']!)), p['d2']!, p['db2']!);
  return { embedding, output };
}

/** Normalises the last dimension of a value. */
export function normalise(g: Graph, x: Value, { mean, scale }: Normalisation): Value {
  const size = [mean.length];
  const known = g.replaceNaN(x, g.constant(mean, size));
  const centred = g.mul(g.sub(known, g.constant(mean, size)), g.constant(scale, size));
  return g.clip(centred, -CLIP, CLIP);
}

/** Adds one AdamW update of every parameter to a graph. Source: Kingma & Ba 2015, Loshchilov & Hutter 2019. */
function adam(g: Graph, loss: Value, parameters: readonly Parameter[], values: readonly Value[]): Value[] {
  const rate = g.input('rate', []);
  const decay = g.input('decay', []);
  const correction1 = g.input('correction1', []);
  const correction2 = g.input('correction2', []);
  const gradients = g.gradients(loss, values);
  return parameters.flatMap((parameter, i) => {
    const value = values[i]!;
    const gradient = gradients[i]!;
    const m = g.input(`m.${parameter.name}`, parameter.dims);
    const v = g.input(`v.${parameter.name}`, parameter.dims);
    const nextM = g.add(g.mul(m, g.scalar(BETA_1)), g.mul(gradient, g.scalar(1 - BETA_1)));
    const nextV = g.add(g.mul(v, g.scalar(BETA_2)), g.mul(g.square(gradient), g.scalar(1 - BETA_2)));
    const step = g.div(g.div(nextM, correction1), g.add(g.sqrt(g.div(nextV, correction2)), g.scalar(1e-8)));
    const moved = g.sub(value, g.mul(step, rate));
    const next = parameter.decays ? g.sub(moved, g.mul(value, g.mul(rate, decay))) : moved;
    return [
      g.named(next, `next.${parameter.name}`),
      g.named(nextM, `nextM.${parameter.name}`),
      g.named(nextV, `nextV.${parameter.name}`),
    ];
  });
}

/** A batch: named tensors of `rows` rows. */
export type Batch = Readonly<Record<string, Tensor>>;

/**
 * A training step that runs inside ONNX Runtime: forward pass, gradients and AdamW as one graph. The
 * parameters go in and come out as tensors; nothing of the arithmetic is in JavaScript.
 */
export class TrainingStep {
  readonly #session: InferenceSession;
  readonly #parameters: readonly Parameter[];
  #tensors: Record<string, Tensor>;
  #steps = 0;

  private constructor(session: InferenceSession, parameters: readonly Parameter[]) {
    this.#session = session;
    this.#parameters = parameters;
    this.#tensors = {};
    for (const { name, dims, data } of parameters) {
      this.#tensors[name] = new Tensor('float32', data.slice(), dims);
      this.#tensors[`m.${name}`] = new Tensor('float32', new Float32Array(data.length), dims);
      this.#tensors[`v.${name}`] = new Tensor('float32', new Float32Array(data.length), dims);
    }
  }

  /** Step of the predictor: batches of `x`, `classes` (one-hot), `known` (0/1 a class), `targets`, `targetKnown`. */
  static async predictor(parameters: readonly Parameter[]): Promise<TrainingStep> {
    const g = new Graph();
    const x = g.input('x', ['batch', FEATURE_COUNT]);
    return await TrainingStep.forecaster(g, parameters, (values) => predictorForward(g, x, values));
  }

  /**
   * Step of any model with a predictor's outputs, built into `g` by `forward` from its parameters. Batches hold what
   * it reads beside the targets.
   */
  static async forecaster(
    g: Graph,
    parameters: readonly Parameter[],
    forward: (values: Values) => Forecast,
  ): Promise<TrainingStep> {
    const classes = g.input('classes', ['batch', CLASSES]);
    const targets = g.input('targets', ['batch', HORIZONS.length]);
    const targetKnown = g.input('targetKnown', ['batch', HORIZONS.length]);
    const perRow = g.input('perRow', []);
    const { values, byName } = declare(g, parameters);
    const { logits, returns } = forward(byName);
    const logProbabilities = g.logSoftmax(g.reshape(logits, ['batch', HORIZONS.length, 3]));
    const likelihood = g.mul(g.reshape(logProbabilities, ['batch', CLASSES]), classes);
    const residual = g.mul(g.sub(returns, targets), targetKnown);
    const total = g.sub(g.mul(g.sum(g.square(residual)), g.scalar(0.1)), g.sum(likelihood));
    return TrainingStep.#open(g, g.mul(total, perRow), parameters, values);
  }

  /** Step of the autoencoder: batches of `x`. */
  static async autoencoder(parameters: readonly Parameter[]): Promise<TrainingStep> {
    const g = new Graph();
    const x = g.input('x', ['batch', FEATURE_COUNT]);
    const perRow = g.input('perRow', []);
    const { values, byName } = declare(g, parameters);
    const { output } = autoencoderForward(g, x, byName);
    const loss = g.mul(g.sum(g.square(g.sub(output, x))), perRow);
    return TrainingStep.#open(g, loss, parameters, values);
  }

  static async #open(
    g: Graph,
    loss: Value,
    parameters: readonly Parameter[],
    values: readonly Value[],
  ): Promise<TrainingStep> {
    const updates = adam(g, loss, parameters, values);
    const bytes = g.encode('training-step', [g.named(loss, 'loss'), ...updates]);
    return new TrainingStep(await InferenceSession.create(bytes, SESSION_OPTIONS), parameters);
  }

  /** Takes one step; returns the loss before it. */
  async run(batch: Batch, rows: number, rate: number, decay: number): Promise<number> {
    this.#steps++;
    const outputs = await this.#session.run({
      ...this.#tensors,
      ...batch,
      perRow: scalar(1 / rows),
      rate: scalar(rate),
      decay: scalar(decay),
      correction1: scalar(1 - BETA_1 ** this.#steps),
      correction2: scalar(1 - BETA_2 ** this.#steps),
    });
    const next: Record<string, Tensor> = {};
    for (const { name } of this.#parameters) {
      next[name] = outputs[`next.${name}`]!;
      next[`m.${name}`] = outputs[`nextM.${name}`]!;
      next[`v.${name}`] = outputs[`nextV.${name}`]!;
    }
    this.#tensors = next;
    return (outputs['loss']!.data as Float32Array)[0]!;
  }

  /** The parameters as they are now. */
  parameters(): Parameter[] {
    return this.#parameters.map((parameter) => ({
      ...parameter,
      data: (this.#tensors[parameter.name]!.data as Float32Array).slice(),
    }));
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

function declare(
  g: Graph,
  parameters: readonly Parameter[],
): { values: Value[]; byName: Record<string, Value> } {
  const values = parameters.map(({ name, dims }) => g.input(name, dims));
  return { values, byName: Object.fromEntries(values.map((value) => [value.name, value])) };
}

/** Parameters as inputs of a session that takes them. */
export function tensorsOf(parameters: readonly Parameter[]): Record<string, Tensor> {
  return Object.fromEntries(
    parameters.map(({ name, dims, data }) => [name, new Tensor('float32', data, dims)]),
  );
}

function scalar(x: number): Tensor {
  return new Tensor('float32', Float32Array.of(x), []);
}

/** Parameters as they are, for a model that is no longer trained. */
export function constants(g: Graph, parameters: readonly Parameter[]): Record<string, Value> {
  return Object.fromEntries(parameters.map(({ name, dims, data }) => [name, g.constant(data, dims, name)]));
}

/** What a network answers to model-form features. */
export function predictorOutputs(
  g: Graph,
  features: Value,
  parameters: readonly Parameter[],
  normalisation: Normalisation,
): Forecast {
  return predictorForward(g, normalise(g, features, normalisation), constants(g, parameters));
}

/** The served encoder: `embedding` (batch × 64) and reconstruction `error` (batch × 1, mean square) out. */
export function encoderModel(
  parameters: readonly Parameter[],
  normalisation: Normalisation,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const g = new Graph();
  const x = normalise(g, g.input('features', ['batch', FEATURE_COUNT]), normalisation);
  const { embedding, output } = autoencoderForward(g, x, constants(g, parameters));
  // The mean as a product: ONNX Runtime's ReduceMean rounds a row differently in batches of other sizes.
  const mean = g.constant(new Float32Array(FEATURE_COUNT).fill(1 / FEATURE_COUNT), [FEATURE_COUNT, 1]);
  const error = g.matMul(g.square(g.sub(output, x)), mean);
  return g.encode('encoder', [g.named(embedding, 'embedding'), g.named(error, 'error')], metadata);
}

/** Raw logits and scaled returns of normalised inputs, for early stopping and calibration. */
export async function rawOutputs(
  parameters: readonly Parameter[],
  x: Float32Array,
  rows: number,
): Promise<{ logits: Float32Array; returns: Float32Array }> {
  const g = new Graph();
  const input = g.input('x', ['batch', FEATURE_COUNT]);
  const { logits, returns } = predictorForward(g, input, constants(g, parameters));
  const bytes = g.encode('raw', [g.named(logits, 'logits'), g.named(returns, 'scaledReturns')]);
  const session = await InferenceSession.create(bytes, SESSION_OPTIONS);
  try {
    const outputs = await session.run({ x: new Tensor('float32', x, [rows, FEATURE_COUNT]) });
    return {
      logits: outputs['logits']!.data as Float32Array,
      returns: outputs['scaledReturns']!.data as Float32Array,
    };
  } finally {
    await session.release();
  }
}

/** Runs a served model over rows in batches; returns one output, `width` numbers a row. */
export async function runModel(
  model: Uint8Array,
  features: Float32Array,
  rows: number,
  output: string,
  width: number,
): Promise<Float32Array> {
  const session = await InferenceSession.create(model, SESSION_OPTIONS);
  const result = new Float32Array(rows * width);
  const batch = 1024;
  try {
    for (let from = 0; from < rows; from += batch) {
      const n = Math.min(batch, rows - from);
      const slice = features.subarray(from * FEATURE_COUNT, (from + n) * FEATURE_COUNT);
      const outputs = await session.run({ features: new Tensor('float32', slice, [n, FEATURE_COUNT]) });
      result.set(outputs[output]!.data as Float32Array, from * width);
    }
  } finally {
    await session.release();
  }
  return result;
}
