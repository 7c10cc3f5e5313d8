import type { Logger } from 'pino';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { Calendars } from '../calendars.js';
import { SuhoError } from '../errors.js';
import type { ModelFile } from '../inference/to-worker.js';
import type { FeatureStore, SeriesIdentity } from '../feature-store/feature-store.js';
import type { InferencePool } from '../inference/pool.js';
import { seriesIdentity } from '../instruments/ids.js';
import { packBars } from '../journal/records.js';
import type { ArtifactPlace, ArtifactStore } from '../registry/artifact-store.js';
import { fileIfSound, type ModelFiles } from '../registry/model-files.js';
import { modelName, nextVersion, type ModelRecord, type ModelRegistry } from '../registry/model-registry.js';
import type { Trainable } from './families/names.js';
import { rowsNeeded } from './history-needed.js';
import type { ModelActivation } from './model-activation.js';
import type { AlertStore } from '../drift/alert-store.js';
import type { CostedResult } from './training-worker.js';
import type { TrainingPool, TrainingProgress } from './training-pool.js';

/** Bars read beside the rows to train on, so that the first of those have their features. */
export const WARM_UP = 400;

export interface SeriesTrainingParts {
  readonly calendars: Calendars;
  readonly features: Pick<FeatureStore, 'bars'>;
  readonly registry: ModelRegistry;
  readonly alertStore: Pick<AlertStore, 'putFacts'>;
  readonly artifacts: ArtifactStore;
  readonly inference: Pick<InferencePool, 'check'>;
  readonly models: ModelFiles;
  readonly pool: TrainingPool;
  readonly activation: ModelActivation;
  readonly settings: {
    readonly family: Trainable;
    readonly budgetSeconds: number;
    readonly rowsMax: number;
    readonly folds: number;
    readonly seed: number;
  };
  /** Settles when the feature store holds what the journal does. */
  readonly featuresStored: () => Promise<void>;
  readonly log: Logger;
}

/** A model that was trained, and all that the training gave. */
export interface Trained {
  readonly record: ModelRecord;
  readonly result: CostedResult;
}

/** How a series is trained again. */
export interface Retraining {
  /** Close time of the newest bar to train on. */
  readonly through: number;
  /** Close time of the oldest row to train on, where older ones are of a market that is gone. */
  readonly from?: number | undefined;
  /** Whether the encoder is trained anew too, instead of kept. */
  readonly newEncoder: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
}

interface Training {
  readonly trained: Promise<Trained>;
  readonly listeners: TrainingProgress[];
}

/** Trains models for a series, registers them, and brings them into use. */
export class SeriesTraining {
  readonly #parts: SeriesTrainingParts;
  readonly #running = new Map<string, Training>();

  constructor(parts: SeriesTrainingParts) {
    this.#parts = parts;
  }

  /**
   * Trains models for a series on what the feature store holds of it up to `through` (a close time), registers them, and
   * lets every tenant of the series use them from the next bar on. While the series trains already, it gives the result
   * of that training, whatever it goes through. Throws `BAD_INPUT` when there are too few bars.
   */
  async train(seriesId: string, through: number, onProgress?: TrainingProgress): Promise<Trained> {
    let training = this.#running.get(seriesId);
    if (training === undefined) {
      const listeners: TrainingProgress[] = [];
      const trained = this.#train(seriesId, through, (...progress) => {
        for (const listener of listeners) listener(...progress);
      }).finally(() => this.#running.delete(seriesId));
      training = { trained, listeners };
      this.#running.set(seriesId, training);
    }
    if (onProgress !== undefined) training.listeners.push(onProgress);
    return await training.trained;
  }

  async #train(seriesId: string, through: number, onProgress: TrainingProgress): Promise<Trained> {
    const { featuresStored, registry, activation } = this.#parts;
    await featuresStored();
    const trained = await this.#make(seriesId, { through }, onProgress);
    await registry.promote(trained.record);
    await activation.activate(seriesId, trained.record, trained.result.history, 'all');
    return trained;
  }

  /**
   * Trains a model for a series and registers it; it serves nobody yet. What the feature store holds is what it learns
   * from. Throws `BAD_INPUT` when there are too few bars, or none after the newest model's; `STOPPING` when it is ended.
   */
  async retrain(seriesId: string, { through, from, newEncoder, signal }: Retraining): Promise<Trained> {
    const newest = (await this.#parts.registry.list(seriesIdentity(seriesId))).at(-1);
    if (newest !== undefined && newest.trainedThrough >= through)
      throw new SuhoError(
        'BAD_INPUT',
        `${newest.version} of ${seriesId} was trained on its newest bar; train again when there are new ones.`,
      );
    return await this.#make(seriesId, { through, from, newEncoder }, () => undefined, signal);
  }

  /** Trains and registers. */
  async #make(
    seriesId: string,
    { through, from, newEncoder = false }: Partial<Retraining> & Pick<Retraining, 'through'>,
    onProgress: TrainingProgress,
    signal?: AbortSignal,
  ): Promise<Trained> {
    const { features, registry, pool, settings, alertStore } = this.#parts;
    const identity = seriesIdentity(seriesId);
    const { family, budgetSeconds, folds, seed } = settings;
    const bars = await features.bars(identity, through, settings.rowsMax + WARM_UP);
    const rowsMax = from === undefined ? settings.rowsMax : rowsSince(bars, from, identity.timeframe);
    const models = await registry.list(identity);
    const earlier = models.filter(({ trainedThrough }) => trainedThrough < through);
    const encoder = newEncoder ? undefined : await this.#keptEncoder(identity, earlier);
    const result = await pool.train(
      seriesId,
      {
        bars: packBars(bars),
        timeframe: identity.timeframe,
        calendar: this.#parts.calendars.rule(identity.calendar),
        family,
        budgetSeconds,
        seed,
        folds,
        rowsMax,
        encoder: encoder?.file,
      },
      onProgress,
      signal,
    );
    const fault = encoder?.file === undefined ? encoder?.fault : result.encoderFault;
    if (fault !== undefined)
      this.#parts.log.warn(
        { seriesId, version: encoder?.version, fault },
        'unsound encoder replaced by a new one',
      );
    const record = await this.#register(identity, result, earlier.at(-1));
    await alertStore.putFacts(identity, record.modelId, result.facts);
    return { record, result };
  }

  /** The encoder of the newest model of the present features, to keep. */
  async #keptEncoder(
    identity: SeriesIdentity,
    earlier: readonly ModelRecord[],
  ): Promise<
    { readonly version: string; readonly file: ModelFile | undefined; readonly fault?: string } | undefined
  > {
    const kept = earlier.findLast(({ featureSetVersion }) => featureSetVersion === FEATURE_SET_VERSION);
    if (kept === undefined) return undefined;
    const place = { ...identity, model: modelName(identity), version: kept.version };
    const { version } = kept;
    return { version, ...(await fileIfSound(this.#parts.artifacts, place, kept.encoderId)) };
  }

  async #register(
    identity: SeriesIdentity,
    result: CostedResult,
    parent: ModelRecord | undefined,
  ): Promise<ModelRecord> {
    const { registry, artifacts, inference, models } = this.#parts;
    const form = { ...result.made, featureSetVersion: FEATURE_SET_VERSION };
    const version = nextVersion(form, parent);
    const place: ArtifactPlace = { tenantId: identity.tenantId, model: modelName(identity), version };
    const predictor = await artifacts.put(place, result.predictor);
    const encoder = await artifacts.put(place, result.encoder);
    const pair = {
      predictor: { path: artifacts.path(predictor.sha256), sha256: predictor.sha256 },
      encoder: { path: artifacts.path(encoder.sha256), sha256: encoder.sha256 },
    };
    const { batchInvariant, sequenceVersion } = await inference.check(pair);
    models.admit(
      {
        place,
        modelId: predictor.sha256,
        encoderId: encoder.sha256,
        featureSetVersion: form.featureSetVersion,
      },
      pair,
      batchInvariant,
    );
    const { embeddingVersion, anomalyScale, family, verdict, scores, folds, importance, rows } = result;
    const record: ModelRecord = {
      ...form,
      modelId: predictor.sha256,
      encoderId: encoder.sha256,
      artifactUri: predictor.uri,
      encoderUri: encoder.uri,
      version,
      parentVersion: parent?.version,
      ...identity,
      embeddingVersion,
      anomalyScale,
      family,
      primaryHorizon: verdict.primaryHorizon,
      edge: verdict.edge,
      scores,
      folds,
      tried: { families: verdict.tried, skillZ: verdict.skillZ, worth: verdict.worth },
      importance,
      trainedFrom: result.trainedFrom,
      trainedThrough: result.trainedThrough,
      rows,
      batchInvariant,
      ...(sequenceVersion === undefined ? {} : { sequenceVersion }),
    };
    await registry.register(record);
    return record;
  }
}

/** Rows since a time. Throws `BAD_INPUT` when they are too few to train on. */
function rowsSince(bars: readonly Bar[], from: number, timeframe: Timeframe): number {
  const rows = bars.filter(({ openTime }) => openTime >= from).length;
  const needed = rowsNeeded(timeframe);
  if (rows < needed)
    throw new SuhoError(
      'BAD_INPUT',
      `There are ${rows} ${timeframe} bars since ${new Date(from).toISOString()}, when its market changed; training needs ${needed} of them.`,
    );
  return rows;
}
