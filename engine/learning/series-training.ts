import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Calendars } from '../calendars.js';
import { SuhoError } from '../errors.js';
import type { ModelFile } from '../inference/to-worker.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import type { InferencePool } from '../inference/pool.js';
import { seriesIdentity } from '../instruments/ids.js';
import { packBars } from '../journal/records.js';
import type { ArtifactStore } from '../registry/artifact-store.js';
import { fileIfSound, type ModelFiles } from '../registry/model-files.js';
import {
  artifactPlace,
  nextVersion,
  type ListedModel,
  type ModelForm,
  type ModelRecord,
  type ModelRegistry,
  type ModelSeries,
} from '../registry/model-registry.js';
import type { Trainable } from './families/names.js';
import { rowsNeeded } from './history-needed.js';
import type { ModelActivation } from './model-activation.js';
import type { CostedResult } from './training-worker.js';
import type { TrainingPool, TrainingProgress } from './training-pool.js';

/** How often a version is looked for while other engines register models of the same series. */
const REGISTER_TRIES = 5;
const IN_USE: readonly ListedModel['status'][] = ['production', 'canary', 'shadow'];
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
  /**
   * Ids of the series of the same owner and timeframe as one's. Given where similar moments of related markets are searched: only
   * markets with one encoder can be compared, so a first model takes that of a market that has a model already.
   */
  readonly besides: ((seriesId: string) => readonly string[]) | undefined;
  /** Settles when the feature store holds what the journal does. */
  readonly featuresStored: () => Promise<void>;
  readonly log: Logger;
}

/** A model that was trained, and all that the training gave. */
export interface Trained {
  readonly record: ModelRecord;
  readonly result: CostedResult;
  /** Whether it serves; a first model does not where another engine's was there first. */
  readonly isInUse: boolean;
}

/** How a series is trained again. */
export interface Retraining {
  /** Whose model it makes; of another than the series' owner only while a model of that one is in use. */
  readonly owner: SignalOwner;
  /** Close time of the newest bar to train on. */
  readonly through: number;
  /** Close time of the oldest row to train on, where older ones are of a market that is gone. */
  readonly from?: number | undefined;
  /** Whether the encoder is trained anew too, instead of kept. */
  readonly newEncoder: boolean;
  /**
   * Epoch milliseconds. A model that was registered since and never tried is what an engine made that died before it proposed
   * it: that one is given instead of another training.
   */
  readonly madeSince?: number | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** An encoder that is not trained again, or why it cannot be kept. */
interface KeptEncoder {
  readonly version: string;
  readonly file: ModelFile | undefined;
  readonly fault?: string;
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
   * of that training, whatever it goes through. Throws `BAD_INPUT` when there are too few bars. A `first` model comes into use
   * only while the series has none in production.
   */
  async train(
    seriesId: string,
    through: number,
    onProgress?: TrainingProgress,
    as: 'first' | 'replacement' = 'replacement',
  ): Promise<Trained> {
    let training = this.#running.get(seriesId);
    if (training === undefined) {
      const listeners: TrainingProgress[] = [];
      const tell: TrainingProgress = (...progress) => {
        for (const listener of listeners) listener(...progress);
      };
      const trained = this.#train(seriesId, through, tell, as).finally(() => this.#running.delete(seriesId));
      training = { trained, listeners };
      this.#running.set(seriesId, training);
    }
    if (onProgress !== undefined) training.listeners.push(onProgress);
    return await training.trained;
  }

  async #train(
    seriesId: string,
    through: number,
    onProgress: TrainingProgress,
    as: 'first' | 'replacement',
  ): Promise<Trained> {
    const { featuresStored, registry, activation } = this.#parts;
    await featuresStored();
    const trained = await this.#make(seriesId, { through }, onProgress);
    const isInUse = await registry.promote(trained.record, as);
    if (!isInUse) return { ...trained, isInUse };
    await activation.activate(seriesId, trained.record, trained.result.history, 'all');
    return { ...trained, isInUse };
  }

  /**
   * Trains a model for a series and registers it; it serves nobody yet. What the feature store holds is what it learns
   * from. Throws `BAD_INPUT` when there are too few bars, or none after the newest model's; `STOPPING` when it is ended.
   */
  async retrain(
    seriesId: string,
    { owner, through, from, newEncoder, madeSince = Infinity, signal }: Retraining,
  ): Promise<{ readonly record: ModelRecord; readonly cpuMs: number }> {
    const models = await this.#parts.registry.list({ ...seriesIdentity(seriesId), ...owner });
    const newest = models.at(-1);
    if (newest?.status === 'validated' && newest.registeredAt >= madeSince)
      return { record: newest, cpuMs: 0 };
    if (newest !== undefined && newest.trainedThrough >= through)
      throw new SuhoError(
        'BAD_INPUT',
        `${newest.version} of ${seriesId} was trained on its newest bar; train again when there are new ones.`,
      );
    if (!isOfSeries(owner, seriesId) && !models.some(({ status }) => IN_USE.includes(status)))
      throw new SuhoError(
        'NOT_FOUND',
        `${owner.userId ?? owner.tenantId} has no model of ${seriesId} in use any more.`,
      );
    const { record, result } = await this.#make(
      seriesId,
      { owner, through, from: from ?? presentMarketFrom(models), newEncoder },
      () => undefined,
      signal,
    );
    return { record, cpuMs: result.cpuMs };
  }

  /** Trains and registers. */
  async #make(
    seriesId: string,
    { owner, through, from, newEncoder = false }: Partial<Retraining> & Pick<Retraining, 'through'>,
    onProgress: TrainingProgress,
    signal?: AbortSignal,
  ): Promise<Omit<Trained, 'isInUse'>> {
    const { features, registry, pool, settings } = this.#parts;
    const identity = seriesIdentity(seriesId);
    const of = { ...identity, ...owner };
    const { family, budgetSeconds, folds, seed } = settings;
    const bars = await features.bars(identity, through, settings.rowsMax + WARM_UP);
    const rowsMax = from === undefined ? settings.rowsMax : rowsSince(bars, from, identity.timeframe);
    const models = await registry.list(of);
    const earlier = models.filter(({ trainedThrough }) => trainedThrough < through);
    const encoder = newEncoder
      ? undefined
      : ((await this.#keptEncoder(of, earlier)) ?? (await this.#sharedEncoder(seriesId, through)));
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
    for (let tries = 1; ; tries++) {
      const record = await this.#register(of, seriesId, result, through, await registry.list(of));
      if (record !== undefined) return { record, result };
      if (tries === REGISTER_TRIES)
        throw new SuhoError('STORE_UNAVAILABLE', `The models of ${seriesId} change all the time.`);
    }
  }

  /** The encoder of the newest model of the present features, to keep. */
  async #keptEncoder(
    identity: ModelSeries,
    earlier: readonly ModelRecord[],
  ): Promise<KeptEncoder | undefined> {
    const kept = earlier.findLast(({ featureSetVersion }) => featureSetVersion === FEATURE_SET_VERSION);
    if (kept === undefined) return undefined;
    const { version, encoderId } = kept;
    const place = artifactPlace(identity, version);
    return { version, ...(await fileIfSound(this.#parts.artifacts, place, encoderId)) };
  }

  /** The encoder of the first market beside this one that has a model in production, trained on nothing after `through`. */
  async #sharedEncoder(seriesId: string, through: number): Promise<KeptEncoder | undefined> {
    const { registry, besides } = this.#parts;
    for (const id of besides?.(seriesId) ?? []) {
      const identity = seriesIdentity(id);
      const record = await registry.production(identity);
      if (record === undefined || record.trainedThrough > through) continue;
      const shared = await this.#keptEncoder(identity, [record]);
      if (shared?.file !== undefined) return shared;
    }
    return undefined;
  }

  /** Registers what was trained under a version that none of `models` has; undefined when another engine took that one. */
  async #register(
    identity: ModelSeries,
    seriesId: string,
    result: CostedResult,
    through: number,
    models: readonly ListedModel[],
  ): Promise<ModelRecord | undefined> {
    const { registry, artifacts, inference, models: files } = this.#parts;
    const form = { ...result.made, featureSetVersion: FEATURE_SET_VERSION };
    const { version, parentVersion } = numbered(
      form,
      models,
      createHash('sha256').update(result.predictor).digest('hex'),
      through,
    );
    const place = artifactPlace(identity, version);
    const predictor = await artifacts.put(place, result.predictor);
    const encoder = await artifacts.put(place, result.encoder);
    const pair = {
      predictor: { path: artifacts.path(predictor.sha256), sha256: predictor.sha256 },
      encoder: { path: artifacts.path(encoder.sha256), sha256: encoder.sha256 },
    };
    const { batchInvariant, sequenceVersion } = await inference.check(pair);
    files.admit(
      {
        place,
        modelId: predictor.sha256,
        encoderId: encoder.sha256,
        featureSetVersion: form.featureSetVersion,
      },
      pair,
      batchInvariant,
    );
    const { embeddingVersion, anomalyScale, family, calibratedBy, verdict, scores, folds, importance, rows } =
      result;
    const record: ModelRecord = {
      ...form,
      modelId: predictor.sha256,
      encoderId: encoder.sha256,
      artifactUri: predictor.uri,
      encoderUri: encoder.uri,
      version,
      parentVersion,
      ...identity,
      embeddingVersion,
      anomalyScale,
      family,
      calibratedBy,
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
      ...(isOfSeries(identity, seriesId) ? {} : { trainedOn: seriesId }),
    };
    return (await registry.register(record, result)) ? record : undefined;
  }
}

/** Whether an owner is that of a series. */
function isOfSeries({ tenantId, userId }: SignalOwner, seriesId: string): boolean {
  return userId === undefined && seriesIdentity(seriesId).tenantId === tenantId;
}

/** The version of what was trained on bars up to `through`, and the one it follows; the same again of a file that is registered. */
function numbered(
  form: ModelForm,
  models: readonly ListedModel[],
  modelId: string,
  through: number,
): Pick<ModelRecord, 'version' | 'parentVersion'> {
  const same = models.find((model) => model.modelId === modelId);
  if (same !== undefined) return same;
  // One that another engine trained on later bars is no parent, unless there is no other to count from.
  const parent = models.findLast(({ trainedThrough }) => trainedThrough < through) ?? models[0];
  const taken = new Set(models.map(({ version }) => version));
  return { version: nextVersion(form, parent, taken), parentVersion: parent?.version };
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

/**
 * Where the market began that the models in use are of: the oldest bar of the newest one that came into use and had learned
 * nothing its parent had, because that parent's market was gone. Undefined where that never was.
 */
function presentMarketFrom(models: readonly ListedModel[]): number | undefined {
  const byVersion = new Map(models.map((model) => [model.version, model]));
  const begins = models.flatMap(({ status, parentVersion, trainedFrom }) => {
    const parent = byVersion.get(parentVersion ?? '');
    const wasUsed = status === 'production' || status === 'deprecated';
    if (!wasUsed || parent === undefined || parent.family === 'imported') return [];
    return trainedFrom > parent.trainedThrough ? [trainedFrom] : [];
  });
  return begins.length === 0 ? undefined : Math.max(...begins);
}
