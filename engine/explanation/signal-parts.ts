import type { Bar } from '../../actors/market/bar.js';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SuhoError, messageOf } from '../errors.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { RowDecoder } from '../feature-store/table.js';
import { seriesIdentity } from '../instruments/ids.js';
import type { Journal } from '../journal/journal.js';
import { routeOf } from '../learning/model-activation.js';
import { partitionName, readMomentId, type PartitionKey } from '../patterns/pattern-index.js';
import type { ArtifactStore } from '../registry/artifact-store.js';
import { fileIfSound } from '../registry/model-files.js';
import { artifactPlace, type ListedModel } from '../registry/model-registry.js';
import { outdated, type KeptRow, type RunnableModel } from './signal-replay.js';

/** A similar moment, and what came of it. */
export interface SimilarMoment {
  /** The signal's own, or one that was related to it. */
  readonly symbol: string;
  /** Close of its bar, epoch milliseconds UTC. */
  readonly closeTime: number;
  /** Cosine to the signal's own moment; undefined where either is no longer kept. */
  readonly similarity: number | undefined;
  /** Directions and returns by horizon; empty where they are no longer kept. */
  readonly directions: readonly number[];
  readonly returns: readonly number[];
}

/** The feature row of a bar, from the journal while it is there, else from the store. Throws `STORE_UNAVAILABLE`. */
export async function keptRow(
  journal: Pick<Journal, 'rows'>,
  features: Pick<FeatureStore, 'bars' | 'rows'>,
  seriesId: string,
  closeTime: number,
): Promise<KeptRow | undefined> {
  const row = journal.rows.get(seriesId, closeTime);
  if (row !== undefined) return row;
  const series = seriesIdentity(seriesId);
  const [bar] = await features.bars(series, closeTime, 1);
  if (bar === undefined) return undefined;
  const rows = new RowDecoder(series, await features.rows(series, bar.openTime, bar.openTime + 1, 1));
  if (rows.rows === 0 || rows.closeTime(0) !== closeTime) return undefined;
  return {
    bar,
    values: Float32Array.from({ length: FEATURE_COUNT }, (_, column) => rows.feature(0, column)),
  };
}

/** The spread of a bar over its close, NaN where unknown. */
export function spreadOf({ bid, ask, close }: Bar): number {
  return (ask - bid) / close;
}

/** The nearest moments of a signal, and what came of them as far as the journal has it. */
export function similarMoments(
  journal: Pick<Journal, 'moments'>,
  partition: PartitionKey,
  closeTime: number,
  nearest: readonly string[],
): SimilarMoment[] {
  const own = journal.moments.get(partitionName(partition), closeTime);
  return nearest.map((id) => {
    const { symbol, closeTime: time } = readMomentId(id);
    const moment = journal.moments.get(partitionName({ ...partition, symbol }), time);
    return {
      symbol,
      closeTime: time,
      similarity: own === undefined || moment === undefined ? undefined : cosine(own.vector, moment.vector),
      directions: moment?.directions ?? [],
      returns: moment?.returns ?? [],
    };
  });
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    squaresA += a[i]! ** 2;
    squaresB += b[i]! ** 2;
  }
  return product / Math.sqrt(squaresA * squaresB);
}

/** A registered model with its files, ready to be run; a sentence that says what is missing. */
export async function runnable(
  artifacts: Pick<ArtifactStore, 'fetch' | 'path'>,
  model: ListedModel,
  seriesId: string,
  arm: string,
): Promise<RunnableModel | string> {
  const route = routeOf(model, seriesId, arm);
  const fault = outdated(route);
  if (fault !== undefined) return fault;
  const { version, modelId, encoderId, batchInvariant } = model;
  const place = artifactPlace(model, version);
  try {
    const predictor = await fileIfSound(artifacts, place, modelId);
    const encoder = await fileIfSound(artifacts, place, encoderId);
    if (predictor.file === undefined) return `The model’s file is no longer there: ${predictor.fault}`;
    if (encoder.file === undefined) return `The encoder’s file is no longer there: ${encoder.fault}`;
    const pair = { predictor: predictor.file, encoder: encoder.file };
    return { route, pair: batchInvariant ? pair : { ...pair, batchInvariant } };
  } catch (error) {
    return `The model’s file cannot be read now: ${messageOf(error)}`;
  }
}

/** What a question answers; a sentence in its place while the store it needs is away. */
export async function orReason<T>(question: () => Promise<T>): Promise<T | string> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof SuhoError && error.code === 'STORE_UNAVAILABLE') return error.message;
    throw error;
  }
}
