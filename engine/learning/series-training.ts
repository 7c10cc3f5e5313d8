import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Route } from '../../actors/signals/route.js';
import { SuhoError } from '../errors.js';
import type { EvidenceGatherer } from '../evidence/evidence-gatherer.js';
import type { FeatureStore, SeriesIdentity } from '../feature-store/feature-store.js';
import type { InferencePool } from '../inference/pool.js';
import { instrumentOfSeries, seriesIdentity } from '../instruments/ids.js';
import type { Instruments } from '../instruments/instruments.js';
import { packBars } from '../journal/records.js';
import { CONDITIONS } from '../patterns/conditions.js';
import type { PartitionKey } from '../patterns/pattern-index.js';
import type { PatternRecorder } from '../patterns/pattern-recorder.js';
import type { ArtifactPlace, ArtifactStore } from '../registry/artifact-store.js';
import { fileIfSound, type ModelFiles } from '../registry/model-files.js';
import { modelName, nextVersion, type ModelRecord, type ModelRegistry } from '../registry/model-registry.js';
import { MODEL_FORM, type TrainingResult } from './trainer.js';
import type { TrainingPool } from './training-pool.js';

/** Bars read beside the rows to train on, so that the first of those have their features. */
const WARM_UP = 400;

export interface SeriesTrainingParts {
  readonly instruments: Instruments;
  readonly features: FeatureStore;
  readonly registry: ModelRegistry;
  readonly artifacts: ArtifactStore;
  readonly inference: Pick<InferencePool, 'check'>;
  readonly models: ModelFiles;
  readonly pool: TrainingPool;
  readonly recorder: PatternRecorder;
  readonly evidence: EvidenceGatherer;
  readonly settings: { readonly rowsMax: number; readonly folds: number; readonly seed: number };
  /** Settles when the feature store holds what the journal does. */
  readonly featuresStored: () => Promise<void>;
  /** Settles when what was appended to the journal is on disk. */
  readonly durable: () => Promise<void>;
}

type OnProgress = (done: number, total: number, stage: string) => void;

/** Trains models for a series, registers them, and brings them into use. */
export class SeriesTraining {
  readonly #parts: SeriesTrainingParts;

  constructor(parts: SeriesTrainingParts) {
    this.#parts = parts;
  }

  /**
   * Trains models for a series on what the feature store holds of it up to `through` (a close time), registers them, and
   * lets every tenant of the series use them from the next bar on. Throws `BAD_INPUT` when there are too few bars.
   */
  async train(
    seriesId: string,
    through: number,
    onProgress?: OnProgress,
  ): Promise<{ readonly record: ModelRecord; readonly result: TrainingResult }> {
    const { features, registry, artifacts, pool, settings, featuresStored } = this.#parts;
    await featuresStored();
    const identity = seriesIdentity(seriesId);
    const { rowsMax, folds, seed } = settings;
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
        seed,
        folds,
        rowsMax,
        encoder: encoder?.file,
      },
      onProgress,
    );
    const record = await this.#register(identity, result, earlier.at(-1));
    await this.#activate(seriesId, record, result);
    return { record, result };
  }

  async #register(
    identity: SeriesIdentity,
    result: TrainingResult,
    parent: ModelRecord | undefined,
  ): Promise<ModelRecord> {
    const { registry, artifacts, inference, models } = this.#parts;
    const form = { ...MODEL_FORM, featureSetVersion: FEATURE_SET_VERSION };
    const version = nextVersion(form, parent);
    const place: ArtifactPlace = { tenantId: identity.tenantId, model: modelName(identity), version };
    const predictor = await artifacts.put(place, result.predictor);
    const encoder = await artifacts.put(place, result.encoder);
    const pair = {
      predictor: { path: artifacts.path(predictor.sha256), sha256: predictor.sha256 },
      encoder: { path: artifacts.path(encoder.sha256), sha256: encoder.sha256 },
    };
    const { batchInvariant } = await inference.check(pair);
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
    const { embeddingVersion, anomalyScale, primaryHorizon, edge, scores, rows } = result;
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
      primaryHorizon,
      edge,
      scores,
      trainedFrom: result.trainedFrom,
      trainedThrough: result.trainedThrough,
      rows,
      batchInvariant,
    };
    await registry.register(record);
    await registry.promote(record);
    return record;
  }

  /** Fills the pattern index with what is known of the past, then sends the models the way the bars go. */
  async #activate(seriesId: string, record: ModelRecord, { history }: TrainingResult): Promise<void> {
    const { instruments, recorder, evidence, durable } = this.#parts;
    const { timeframe, symbol } = seriesIdentity(seriesId);
    const instrument = instruments.get(instrumentOfSeries(seriesId));
    if (instrument === undefined)
      throw new SuhoError(
        'NOT_FOUND',
        `${seriesId} is no longer followed; its models are registered, not used.`,
      );
    const route = routeOf(record);
    for (const signal of instrument.definition.signals) {
      if (signal.timeframe !== timeframe) continue;
      const partition = evidence.partition(signal.tenantId, symbol, timeframe, route.embeddingVersion);
      await recorder.use(partition);
      if (recorder.isEmpty(partition)) await this.#fillPatterns(seriesId, partition, history);
      await instruments.setRoute(instrument, signal.tenantId, timeframe, route);
    }
    await durable();
  }

  async #fillPatterns(
    seriesId: string,
    partition: PartitionKey,
    history: TrainingResult['history'],
  ): Promise<void> {
    const { closeTimes, resolvedAt, vectors, directions, returns } = history;
    const count = closeTimes.length;
    if (count === 0) return;
    const width = directions.length / count;
    const size = vectors.length / count;
    const conditions = await this.#parts.features.columns(
      seriesIdentity(seriesId),
      CONDITIONS,
      closeTimes[0]!,
      closeTimes[count - 1]!,
    );
    await this.#parts.recorder.addKnown(
      partition,
      Array.from({ length: count }, (_, i) => ({
        closeTime: closeTimes[i]!,
        resolvedAt: resolvedAt[i]!,
        vector: vectors.slice(i * size, (i + 1) * size),
        directions: Array.from(directions.subarray(i * width, (i + 1) * width)),
        returns: Array.from(returns.subarray(i * width, (i + 1) * width)),
        conditions: conditions.get(closeTimes[i]!) ?? {},
      })),
    );
  }
}

/** How signals are made with a registered model. */
function routeOf(record: ModelRecord): Route {
  return {
    modelId: record.modelId,
    encoderId: record.encoderId,
    version: record.version,
    embeddingVersion: record.embeddingVersion,
    featureSetVersion: record.featureSetVersion,
    arm: 'production',
    primaryHorizon: record.primaryHorizon,
    edge: record.edge,
    trainedThrough: record.trainedThrough,
    anomalyScale: record.anomalyScale,
  };
}
