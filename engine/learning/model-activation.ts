import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import { isOfCurrentFeatures, type Route } from '../../actors/signals/route.js';
import { armsOf } from '../../actors/signals/route-plan.js';
import { turnOf, type Clock } from '../clock.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { SuhoError } from '../errors.js';
import type { EvidenceGatherer, InferencePort } from '../evidence/evidence-gatherer.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { instrumentOfSeries, seriesIdentity, seriesOf } from '../instruments/ids.js';
import type { Instruments } from '../instruments/instruments.js';
import { CONDITIONS } from '../patterns/conditions.js';
import type { PartitionKey } from '../patterns/pattern-index.js';
import type { PatternRecorder } from '../patterns/pattern-recorder.js';
import type { ModelFiles } from '../registry/model-files.js';
import { artifactPlace, modelName, type ModelRecord } from '../registry/model-registry.js';
import type { History } from './encoder.js';

/** Moments handed to the pattern index before the event loop has a turn: a few milliseconds. */
const MOMENTS_AT_ONCE = 250;

export interface ModelActivationParts {
  readonly clock: Clock;
  readonly instruments: Instruments;
  readonly features: Pick<FeatureStore, 'columns'>;
  readonly recorder: PatternRecorder;
  readonly evidence: EvidenceGatherer;
  readonly models: Pick<ModelFiles, 'use'>;
  readonly inference: InferencePort;
  /** Settles when the index holds the moments of the journal; with false when the engine stops before. */
  readonly momentsStored: () => Promise<boolean>;
  /** Whether the index of moments is in this process: they are in it at once. */
  readonly isIndexHere: boolean;
  /** Settles when what was appended to the journal is on disk. */
  readonly durable: () => Promise<void>;
}

/** Brings registered models into use: fills the pattern index with what is known of the past, then sends the route the way the bars go. */
export class ModelActivation {
  readonly #parts: ModelActivationParts;
  /** Models whose moments are on their way to the index, by tenant and series. */
  readonly #filling = new Set<string>();
  /** Those whose moments are there, of as many as there were: also of none. */
  readonly #filled = new Set<string>();

  constructor(parts: ModelActivationParts) {
    this.#parts = parts;
  }

  /**
   * Gives a model to the tenants with signals on a series, from the next bar on: to all of them, or to those `without`
   * one. `history` holds the moments of the series the model was trained on. Signals that are made with another model go on
   * with it until the index, where that is in another process, holds every moment in the new embedding: their plans are
   * brought to what the registry says then. Throws `NOT_FOUND` when the series is no longer followed.
   */
  async activate(
    seriesId: string,
    record: ModelRecord,
    history: History,
    whom: 'all' | 'without',
  ): Promise<void> {
    const { instruments, durable } = this.#parts;
    const { timeframe } = seriesIdentity(seriesId);
    const instrument = instruments.get(instrumentOfSeries(seriesId));
    if (instrument === undefined)
      throw new SuhoError(
        'NOT_FOUND',
        `${seriesId} is no longer followed; its models are registered, not used.`,
      );
    const route = routeOf(record, seriesId, 'production');
    await this.warmUp(record);
    for (const signal of instrument.definition.signals) {
      if (signal.timeframe !== timeframe) continue;
      if (whom === 'without' && isOfCurrentFeatures(signal.route)) continue;
      // A tenant's own model is nearer to it than one for all.
      if (signal.route?.level !== undefined && route.level === undefined) continue;
      const wasReady = await this.isReady(seriesId, signal.tenantId, record);
      await this.fill(seriesId, signal.tenantId, record, history);
      const mustWait = !wasReady && isOfCurrentFeatures(signal.route);
      if (mustWait && !(await this.isReady(seriesId, signal.tenantId, record))) continue;
      await instruments.setRoute(instrument, signal.tenantId, timeframe, route);
    }
    await durable();
  }

  /**
   * Whether every similar moment of the past that a tenant's signals would find with a model is where they look for it: its
   * embedding is in use, or was filled to the end once.
   */
  async #hasMoments(seriesId: string, tenantId: string, { embeddingVersion }: ModelRecord): Promise<boolean> {
    const { recorder, evidence, instruments } = this.#parts;
    const { symbol, timeframe } = seriesIdentity(seriesId);
    const partition = evidence.partition(tenantId, symbol, timeframe, embeddingVersion);
    await recorder.use(partition);
    if (recorder.newestOf(partition) === -Infinity) return false;
    const plan = instruments.routeOf(tenantId, seriesId);
    const isInUse =
      plan !== undefined && armsOf(plan).some((arm) => arm.embeddingVersion === embeddingVersion);
    return isInUse || recorder.isFilled(partition);
  }

  /** Whether a model can answer a tenant's signals on a series with all its similar moments. */
  async isReady(seriesId: string, tenantId: string, record: ModelRecord): Promise<boolean> {
    const name = fillingOf(seriesId, tenantId, record);
    if (this.#filling.has(name)) return false;
    return this.#filled.has(name) || (await this.#hasMoments(seriesId, tenantId, record));
  }

  /** Whether the moments of a model are on their way to the index. */
  isFilling(seriesId: string, tenantId: string, record: ModelRecord): boolean {
    return this.#filling.has(fillingOf(seriesId, tenantId, record));
  }

  /**
   * Gives a tenant's signals on a series the similar moments of a model, without giving them the model. To an index in
   * another process they go by themselves: {@link isReady} says when they are there.
   */
  async fill(seriesId: string, tenantId: string, record: ModelRecord, history: History): Promise<void> {
    const { recorder, evidence, momentsStored, isIndexHere } = this.#parts;
    const { symbol, timeframe } = seriesIdentity(seriesId);
    const partition = evidence.partition(tenantId, symbol, timeframe, record.embeddingVersion);
    await recorder.use(partition);
    await this.#fillPatterns(pastOf(record, seriesId), partition, history);
    const filling = fillingOf(seriesId, tenantId, record);
    const note = (are: boolean): void => {
      if (are) recorder.noteFilled(partition);
      if (are || isIndexHere) this.#filled.add(filling);
    };
    this.#filling.add(filling);
    // What cannot be waited for because the engine stops is waited for after the next start.
    const stored = momentsStored()
      .then(note, () => undefined)
      .finally(() => this.#filling.delete(filling));
    if (isIndexHere) await stored;
  }

  /**
   * Has the models opened by a worker: on a busy machine that takes longer than a signal waits for its evidence, and the
   * first bar would have none. What is wrong with them is said of that bar.
   */
  async warmUp(record: ModelRecord): Promise<void> {
    const { models, inference } = this.#parts;
    const { tenantId, version, modelId, encoderId, featureSetVersion } = record;
    const place = artifactPlace(record, version);
    const state = await models.use({ place, modelId, encoderId, featureSetVersion });
    if (state.kind !== 'available') return;
    const row = new Float32Array(FEATURE_COUNT);
    const sequence = new Float32Array(SEQUENCE_SIZE);
    await Promise.allSettled([
      inference.infer(state.pair, `first/${modelId}`, row, Infinity, tenantId, { sequence }),
    ]);
  }

  /** Adds the moments after the newest that the partition has: it has none, or a fill was cut off, or it is in use. */
  async #fillPatterns(home: string, partition: PartitionKey, history: History): Promise<void> {
    const { clock, features, recorder } = this.#parts;
    const { closeTimes, resolvedAt, vectors, directions, returns } = history;
    const count = closeTimes.length;
    const newest = recorder.newestOf(partition);
    const from = closeTimes.findIndex((closeTime) => closeTime > newest);
    if (count === 0 || from < 0) return;
    const width = directions.length / count;
    const size = vectors.length / count;
    const conditions = await features.columns(
      seriesIdentity(home),
      CONDITIONS,
      closeTimes[from]!,
      closeTimes[count - 1]!,
    );
    for (let first = from; first < count; first += MOMENTS_AT_ONCE) {
      const moments = Array.from({ length: Math.min(MOMENTS_AT_ONCE, count - first) }, (_, n) => {
        const i = first + n;
        return {
          closeTime: closeTimes[i]!,
          resolvedAt: resolvedAt[i]!,
          vector: vectors.slice(i * size, (i + 1) * size),
          directions: Array.from(directions.subarray(i * width, (i + 1) * width)),
          returns: Array.from(returns.subarray(i * width, (i + 1) * width)),
          conditions: conditions.get(closeTimes[i]!) ?? {},
        };
      });
      await recorder.addKnown(partition, moments);
      await turnOf(clock);
    }
  }
}

/** Names the moments of a model for a tenant's signals on a series. */
function fillingOf(seriesId: string, tenantId: string, { embeddingVersion }: ModelRecord): string {
  return `${tenantId}|${seriesId}|${embeddingVersion}`;
}

/** Id of the series whose past a model's moments on a series are: of an owner's own model of a shared series that one itself. */
export function pastOf(record: ModelRecord, seriesId: string): string {
  const series = seriesIdentity(seriesId);
  const isOfShared = series.tenantId === PLATFORM && modelName(record) === modelName(series);
  return isOfShared && record.trainedOn === undefined ? seriesId : homeOf(record);
}

/** Id of the series a model was trained on. */
function homeOf(record: ModelRecord): string {
  return record.trainedOn ?? seriesOf(record);
}

/** How a series' signals are made with a registered model, as an arm of its plan. */
export function routeOf(record: ModelRecord, seriesId: string, arm: string): Route {
  const home = homeOf(record);
  const { tenantId, userId } = record;
  const isOfOwner = userId === undefined && seriesIdentity(home).tenantId === tenantId;
  return {
    modelId: record.modelId,
    encoderId: record.encoderId,
    version: record.version,
    embeddingVersion: record.embeddingVersion,
    featureSetVersion: record.featureSetVersion,
    ...(record.sequenceVersion === undefined ? {} : { sequenceVersion: record.sequenceVersion }),
    arm,
    primaryHorizon: record.primaryHorizon,
    edge: record.edge,
    trainedThrough: record.trainedThrough,
    anomalyScale: record.anomalyScale,
    ...(home === seriesId ? {} : { trainedOn: home }),
    ...(isOfOwner ? {} : { level: { tenantId, ...(userId === undefined ? {} : { userId }) } }),
  };
}
