import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FEATURE_COUNT, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import { SEQUENCE_VERSION } from '../../actors/features/sequence-channels.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Calendar } from '../../actors/market/calendar.js';
import { timeframeMs } from '../../actors/market/timeframe.js';
import { walkForwardEquity, type WalkForwardEquity } from '../backtest/walk-forward-equity.js';
import { SuhoError } from '../errors.js';
import type { TrialReport } from '../inference/model-trials.js';
import type { ModelFile, ModelPair } from '../inference/to-worker.js';
import type { ArtifactStore } from '../registry/artifact-store.js';
import {
  artifactPlace,
  modelName,
  nextVersion,
  type ModelRecord,
  type ModelRegistry,
  type ModelSeries,
} from '../registry/model-registry.js';
import { buildDataset, type Dataset } from './dataset.js';
import { anomalyScale, reconstructionErrors, trainEncoder } from './encoder.js';
import { score, type HorizonScore, type Outcome } from './evaluation.js';
import { permutationImportance, type FeatureImportance } from './importance.js';
import { adaptModel, type ImportMapping } from './imported-model.js';
import { trainingFacts } from './training-facts.js';
import { judge } from './verdict.js';
import { addOutcomes, answersOf, forecastsOf, promisedBy } from './walk-forward.js';

/** Rows an encoder is trained on at least, and the newest it is trained on at most. */
const ENCODER_ROWS_MIN = 300;
const ENCODER_ROWS_MAX = 20_000;
const SEED = 7;

/** A model from elsewhere, and what it is for. */
export interface ModelImport {
  readonly bytes: Uint8Array;
  readonly mapping: ImportMapping;
  readonly series: ModelSeries;
  /** The feature set its training rows were of, or of a model of sequences the version of their channels. */
  readonly inputVersion: string;
  readonly trainedFrom: number;
  /** Close time of the newest bar it may have seen. */
  readonly trainedThrough: number;
  /** Rows it was trained on, 0 when that is not known. */
  readonly rows: number;
  /** Bars to score it on, those after what it was trained on; without them nothing is known of its skill. */
  readonly evaluation: { readonly bars: readonly Bar[]; readonly calendar: Calendar } | undefined;
}

export interface ModelImportParts {
  readonly registry: Pick<ModelRegistry, 'list' | 'register' | 'stage'>;
  readonly artifacts: Pick<ArtifactStore, 'put' | 'fetch' | 'path'>;
  /** Opens and runs a pair of models away from this process; throws `BAD_MODEL`. */
  readonly tryPair: (pair: ModelPair) => Promise<TrialReport>;
}

interface Encoder {
  readonly bytes: Uint8Array;
  readonly file: ModelFile;
  readonly scale: number;
}

interface Evaluation {
  /** As its monitors hold it to. */
  readonly promised: readonly number[];
  readonly scores: readonly HorizonScore[];
  readonly importance: readonly FeatureImportance[];
  /** Of forecasts over the horizon that it is for. */
  readonly equityOver: (horizon: number) => WalkForwardEquity | undefined;
}

/**
 * Registers a model from elsewhere in staging: checked without running it, made to keep the contract, run away from this
 * process with limits, scored where bars are given. What fails is an error, and nothing is registered then. Throws `BAD_MODEL`,
 * `BAD_INPUT`, `STORE_UNAVAILABLE`.
 */
export async function importModel(given: ModelImport, parts: ModelImportParts): Promise<ModelRecord> {
  const { series, mapping } = given;
  const { contract } = mapping;
  checkVersion(given);
  const featureSetVersion = FEATURE_SET_VERSION;
  const adapted = adaptModel(given.bytes, mapping, metadataOf(given));
  const models = await parts.registry.list(series);
  const dataset = given.evaluation === undefined ? undefined : datasetOf(given, given.evaluation);
  const room = await mkdtemp(path.join(tmpdir(), 'suho-import-'));
  try {
    const encoder = await encoderOf(given, models, dataset, parts, room);
    const predictor = await keep(room, adapted.bytes);
    const { batchInvariant, sequenceVersion } = await tried(
      { predictor, encoder: encoder.file },
      mapping,
      parts,
    );
    const evaluated = dataset === undefined ? undefined : await evaluate(adapted.bytes, dataset, given);
    const form = {
      architecture: `imported from ${adapted.producer}`,
      hyperparameters: {
        ...(contract === 'row' ? {} : { contract }),
        task: mapping.task,
        horizon: HORIZONS[mapping.horizon]!,
      },
      featureSetVersion,
    };
    const parent = newestVersion(models);
    const version = nextVersion(form, parent, new Set(models.map((model) => model.version)));
    const place = artifactPlace(series, version);
    const stored = await parts.artifacts.put(place, adapted.bytes);
    // Also one that is kept: an engine with another folder looks for it where this version's files belong.
    const encoderStored = await parts.artifacts.put(place, encoder.bytes);
    const record: ModelRecord = {
      ...form,
      ...series,
      modelId: stored.sha256,
      encoderId: encoder.file.sha256,
      artifactUri: stored.uri,
      encoderUri: encoderStored.uri,
      version,
      parentVersion: parent?.version,
      embeddingVersion: `e-${encoder.file.sha256.slice(0, 12)}`,
      anomalyScale: encoder.scale,
      ...whatIsKnown(evaluated, mapping),
      family: 'imported',
      trainedFrom: given.trainedFrom,
      trainedThrough: given.trainedThrough,
      rows: given.rows,
      batchInvariant,
      ...(sequenceVersion === undefined ? {} : { sequenceVersion }),
    };
    const equity = evaluated?.equityOver(record.primaryHorizon);
    const facts = await factsOf(given, dataset, encoder, evaluated);
    if (!(await parts.registry.register(record, { facts, equity })))
      throw new SuhoError(
        'BAD_MODEL',
        `Meanwhile another model was registered as ${version} of ${modelName(series)}; import this one again.`,
      );
    await parts.registry.stage(record, {
      who: 'import',
      role: 'engineer',
      reason: record.architecture,
    });
    return record;
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

/** What the registered file says of itself. */
function metadataOf({ mapping, series, trainedThrough }: ModelImport): Record<string, string> {
  return {
    featureSetVersion: FEATURE_SET_VERSION,
    ...(mapping.contract === 'sequence' ? { sequenceVersion: SEQUENCE_VERSION } : {}),
    horizons: JSON.stringify(HORIZONS),
    timeframe: series.timeframe,
    trainedThrough: String(trainedThrough),
    family: 'imported',
  };
}

/** Throws `BAD_MODEL` when what it was trained on is not what this engine computes. */
function checkVersion({ mapping: { contract }, inputVersion }: ModelImport): void {
  const [present, what] =
    contract === 'row'
      ? [FEATURE_SET_VERSION, 'feature set']
      : [SEQUENCE_VERSION, 'sequence channels of version'];
  if (inputVersion !== present)
    throw new SuhoError(
      'BAD_MODEL',
      `The file was trained on ${what} ${inputVersion}, and this engine computes ${present}: export the features again and train on them.`,
    );
}

/** Runs the pair; of unknown features that made its answer unknown, the error says what to do. */
async function tried(
  pair: ModelPair,
  { fill, task }: ImportMapping,
  { tryPair }: ModelImportParts,
): Promise<TrialReport> {
  try {
    return await tryPair(pair);
  } catch (error) {
    const own = `${pair.predictor.path} is not an ONNX model that can run: `;
    if (error instanceof SuhoError && error.message.startsWith(own))
      throw new SuhoError(
        error.code,
        `The file cannot be imported: it does not run (${error.message.slice(own.length)}).`,
        { cause: error },
      );
    if (error instanceof SuhoError && error.message.includes('cannot be reshaped'))
      throw new SuhoError(
        error.code,
        `The file cannot be imported: its output does not have as many numbers a row as ${task} takes.`,
        { cause: error },
      );
    if (error instanceof SuhoError && error.message.includes('NaN') && fill === undefined)
      throw new SuhoError(
        error.code,
        `${error.message.replace(/\.$/, '')}; if it cannot take features that are not known, say with --fill what stands for them.`,
        { cause: error },
      );
    throw error;
  }
}

function datasetOf(
  { series, trainedThrough }: ModelImport,
  { bars, calendar }: NonNullable<ModelImport['evaluation']>,
): Dataset {
  const dataset = buildDataset(bars, BarGrid.of(series.timeframe, calendar));
  if ((dataset.closeTimes.at(-1) ?? 0) <= trainedThrough)
    throw new SuhoError(
      'BAD_INPUT',
      'The bars to evaluate on end before or with those the model was trained on; give later ones, for what it has seen says nothing of its skill.',
    );
  return dataset;
}

/** The encoder of the series' newest model of these features; where there is none, one trained on the bars that are given. */
async function encoderOf(
  { series, trainedThrough }: ModelImport,
  models: readonly ModelRecord[],
  dataset: Dataset | undefined,
  { artifacts }: ModelImportParts,
  room: string,
): Promise<Encoder> {
  const kept = newestWithEncoder(models);
  if (kept !== undefined) {
    const { version, encoderId } = kept;
    await artifacts.fetch(artifactPlace(kept, version), encoderId);
    const file = { path: artifacts.path(encoderId), sha256: encoderId };
    return { bytes: await readFile(file.path), file, scale: kept.anomalyScale };
  }
  if (dataset === undefined)
    throw new SuhoError(
      'BAD_INPUT',
      `${modelName(series)} has no encoder for similar moments yet: give its bars with --evaluate FILE, or train once with suho train.`,
    );
  let to = dataset.rows;
  while (to > 0 && dataset.closeTimes[to - 1]! > trainedThrough) to--;
  if (to < ENCODER_ROWS_MIN)
    throw new SuhoError(
      'BAD_INPUT',
      `The bars to evaluate on have ${to} rows up to --trained-through; an encoder for similar moments needs ${ENCODER_ROWS_MIN}: give a longer history.`,
    );
  const seen = { from: Math.max(0, to - ENCODER_ROWS_MAX), to };
  const bytes = await trainEncoder(dataset, seen, { seed: SEED }, series.timeframe, {
    featureSetVersion: FEATURE_SET_VERSION,
  });
  const errors = await reconstructionErrors(bytes, { ...dataset, rows: to });
  return { bytes, file: await keep(room, bytes), scale: anomalyScale(errors) };
}

function newestWithEncoder(models: readonly ModelRecord[]): ModelRecord | undefined {
  return models.findLast(({ featureSetVersion }) => featureSetVersion === FEATURE_SET_VERSION);
}

/** The model with the highest version: an imported one may have been trained earlier than what is there. */
function newestVersion(models: readonly ModelRecord[]): ModelRecord | undefined {
  const parts = ({ version }: ModelRecord): number[] => version.slice(1).split('.').map(Number);
  const isLater = (a: ModelRecord, b: ModelRecord): boolean => {
    const at = [0, 1, 2].find((i) => parts(a)[i] !== parts(b)[i]);
    return at !== undefined && parts(a)[at]! > parts(b)[at]!;
  };
  return models.reduce<ModelRecord | undefined>(
    (newest, each) => (newest === undefined || isLater(each, newest) ? each : newest),
    undefined,
  );
}

async function keep(room: string, bytes: Uint8Array): Promise<ModelFile> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = path.join(room, `${sha256}.onnx`);
  await writeFile(file, bytes);
  return { path: file, sha256 };
}

/** Scores a model that was tried on the rows that close after everything it was trained on was known. */
async function evaluate(
  model: Uint8Array,
  dataset: Dataset,
  { trainedThrough, series, evaluation }: ModelImport,
): Promise<Evaluation> {
  let from = 0;
  while (from < dataset.rows && dataset.closeTimes[from]! <= trainedThrough) from++;
  const range = { from, to: dataset.rows };
  const outcomes: Outcome[][] = HORIZONS.map(() => []);
  const answers = await answersOf(model, dataset, range);
  addOutcomes(dataset, answers, range, outcomes);
  const lengthMs = timeframeMs(series.timeframe);
  const { bars, calendar } = evaluation!;
  const traded = bars.slice(-dataset.rows);
  return {
    promised: promisedBy(outcomes, lengthMs),
    scores: outcomes.map((list, horizon) => score(horizon, list, lengthMs)),
    importance: await permutationImportance(model, dataset, range, { seed: SEED }),
    equityOver: (horizon) =>
      walkForwardEquity(
        traded,
        BarGrid.of(series.timeframe, calendar),
        forecastsOf(answers, range.from, 0),
        horizon,
      ),
  };
}

/**
 * What monitors compare with: the rows that are given of those it was trained on, and what its directions were worth after them.
 * Undefined where no bars are given, or too few of those.
 */
async function factsOf(
  { trainedFrom, trainedThrough }: ModelImport,
  dataset: Dataset | undefined,
  encoder: Encoder,
  evaluated: Evaluation | undefined,
): Promise<Uint8Array | undefined> {
  if (dataset === undefined || evaluated === undefined) return undefined;
  const after = (time: number): number => {
    const at = dataset.closeTimes.findIndex((closeTime) => closeTime > time);
    return at < 0 ? dataset.rows : at;
  };
  const to = after(trainedThrough);
  // Where it does not say from when on, all that are given.
  const from = trainedFrom < trainedThrough ? after(trainedFrom - 1) : Math.max(0, to - ENCODER_ROWS_MAX);
  if (to - from < ENCODER_ROWS_MIN) return undefined;
  const errors = await reconstructionErrors(encoder.bytes, { ...dataset, rows: to });
  const features = dataset.features.subarray(from * FEATURE_COUNT, to * FEATURE_COUNT);
  return trainingFacts(
    { ...dataset, features, rows: to - from },
    errors.subarray(from),
    encoder.scale,
    evaluated.promised,
  );
}

/** Scores and skill as the record has them. Over horizons that a model does not predict it has no skill. */
function whatIsKnown(
  evaluated: Evaluation | undefined,
  { task, horizon }: ImportMapping,
): Pick<ModelRecord, 'scores' | 'importance' | 'edge' | 'primaryHorizon' | 'tried'> {
  const { scores = [], importance = [] } = evaluated ?? {};
  const { edge, skillZ, primaryHorizon } = judge(scores.length > 0 ? scores : NOTHING_KNOWN, []);
  return {
    scores,
    importance,
    edge: edge.map((has, i) => has && (task === 'contract' || i === horizon)),
    primaryHorizon: task === 'contract' ? primaryHorizon : horizon,
    tried: { families: 1, skillZ, worth: [] },
  };
}

const NOTHING_KNOWN = HORIZONS.map((_, horizon) => score(horizon, [], 1));
