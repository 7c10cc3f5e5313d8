import type { Logger } from 'pino';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Calendars } from '../calendars.js';
import type { FeatureStore, SeriesIdentity } from '../feature-store/feature-store.js';
import type { InferencePool } from '../inference/pool.js';
import { seriesIdentity } from '../instruments/ids.js';
import { packBars } from '../journal/records.js';
import type { ArtifactPlace, ArtifactStore } from '../registry/artifact-store.js';
import { fileIfSound, type ModelFiles } from '../registry/model-files.js';
import { modelName, nextVersion, type ModelRecord, type ModelRegistry } from '../registry/model-registry.js';
import type { Trainable } from './families/names.js';
import type { ModelActivation } from './model-activation.js';
import type { TrainingResult } from './trainer.js';
import type { TrainingPool, TrainingProgress } from './training-pool.js';

/** Bars read beside the rows to train on, so that the first of those have their features. */
export const WARM_UP = 400;

export interface SeriesTrainingParts {
  readonly calendars: Calendars;
  readonly features: Pick<FeatureStore, 'bars'>;
  readonly registry: ModelRegistry;
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
  readonly result: TrainingResult;
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
    const { features, registry, artifacts, pool, settings, activation, featuresStored } = this.#parts;
    await featuresStored();
    const identity = seriesIdentity(seriesId);
    const { family, budgetSeconds, rowsMax, folds, seed } = settings;
    const bars = await features.bars(identity, through, rowsMax + WARM_UP);
    const models = await registry.list(identity);
    const earlier = models.filter(({ trainedThrough }) => trainedThrough < through);
    const kept = earlier.findLast(({ featureSetVersion }) => featureSetVersion === FEATURE_SET_VERSION);
    const encoder =
      kept === undefined
        ? undefined
        : await fileIfSound(
            artifacts,
            { ...identity, model: modelName(identity), version: kept.version },
            kept.encoderId,
          );
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
    );
    const fault = encoder?.file === undefined ? encoder?.fault : result.encoderFault;
    if (fault !== undefined)
      this.#parts.log.warn(
        { seriesId, version: kept?.version, fault },
        'unsound encoder replaced by a new one',
      );
    const record = await this.#register(identity, result, earlier.at(-1));
    await activation.activate(seriesId, record, result.history, 'all');
    return { record, result };
  }

  async #register(
    identity: SeriesIdentity,
    result: TrainingResult,
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
    const { embeddingVersion, anomalyScale, family, verdict, scores, importance, rows } = result;
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
      tried: { families: verdict.tried, skillZ: verdict.skillZ, worth: verdict.worth },
      importance,
      trainedFrom: result.trainedFrom,
      trainedThrough: result.trainedThrough,
      rows,
      batchInvariant,
      ...(sequenceVersion === undefined ? {} : { sequenceVersion }),
    };
    await registry.register(record);
    await registry.promote(record);
    return record;
  }
}
