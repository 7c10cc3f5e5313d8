import { HORIZONS } from '../../actors/features/labels.js';
import type { Caller } from '../credentials/caller.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { Engine } from '../engine.js';
import { seriesIdentity } from '../instruments/ids.js';
import type { ListedModel } from '../registry/model-registry.js';
import type { SeriesDirectory } from './series.js';
import type { ModelView, ModelsView, ReliabilityView } from './wire.js';

/** Versions of one answer at most, the newest. */
const MODELS_MAX = 200;

/** The models of series that the caller may see. */
export class ModelCatalogue {
  readonly #engine: Engine;
  readonly #series: SeriesDirectory;

  constructor(engine: Engine, series: SeriesDirectory) {
    this.#engine = engine;
    this.#series = series;
  }

  async list(caller: Caller, id: string): Promise<ModelsView> {
    const { identity } = this.#series.find(caller, id);
    const { registry, instruments } = this.#engine;
    const route = instruments.routeOf(caller.tenantId, id);
    const home = route?.trainedOn === undefined ? undefined : seriesIdentity(route.trainedOn);
    // Models of a file are the platform's or the tenant's own.
    const isOpen = home !== undefined && [PLATFORM, caller.tenantId].includes(home.tenantId);
    const records = await registry.list(isOpen ? home : identity);
    return {
      models: records
        .slice(-MODELS_MAX)
        .map((record) => modelView(record, record.modelId === route?.modelId)),
      trainedOn: isOpen ? (route?.trainedOn ?? null) : null,
    };
  }

  /** How stated probabilities of a version compare with what came. */
  async reliability(caller: Caller, id: string, version: string): Promise<ReliabilityView> {
    const { identity, timeframe } = this.#series.find(caller, id);
    const of = { symbol: identity.symbol, timeframe, version };
    return { bins: await this.#engine.predictions.history.reliability(caller.tenantId, of) };
  }
}

function modelView(record: ListedModel, inUse: boolean): ModelView {
  return {
    version: record.version,
    parent: record.parentVersion ?? null,
    status: record.status,
    inUse,
    modelId: record.modelId,
    architecture: record.architecture,
    hyperparameters: record.hyperparameters,
    featureSet: record.featureSetVersion,
    embeddingVersion: record.embeddingVersion,
    primaryHorizon: HORIZONS[record.primaryHorizon] ?? '',
    edge: record.edge,
    trainedFrom: record.trainedFrom,
    trainedThrough: record.trainedThrough,
    registeredAt: record.registeredAt,
    rows: record.rows,
    batchInvariant: record.batchInvariant,
    scores: record.scores.map((score) => ({
      horizon: score.horizon,
      samples: score.samples,
      effectiveSamples: score.effectiveSamples,
      accuracy: score.accuracy,
      low: score.interval[0],
      high: score.interval[1],
      majority: score.baselines.majority,
      lastDirection: score.baselines.lastDirection,
      z: score.z,
      directional: score.directional,
    })),
  };
}
