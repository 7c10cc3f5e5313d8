import { mkdirSync } from 'node:fs';
import type { Logger } from 'pino';
import { DEFAULT_GATES } from '../actors/signals/gates.js';
import type { Background } from './background.js';
import type { AlertStore } from './drift/alert-store.js';
import { PostgresAlertStore } from './drift/postgres-alert-store.js';
import { PostgresJobStore } from './learning/retraining/postgres-job-store.js';
import { Cache } from './cache/cache.js';
import { Calendars } from './calendars.js';
import { SYSTEM_CLOCK, type Clock } from './clock.js';
import type { Config } from './config.js';
import { openPostgres, type OpenPostgres } from './database/open.js';
import { EvidenceGatherer } from './evidence/evidence-gatherer.js';
import { ExtraIndicators } from './feature-store/extra-indicators.js';
import type { FeatureStore } from './feature-store/feature-store.js';
import { openFeatureStore } from './feature-store/open.js';
import { TenantIndicators } from './feature-store/tenant-indicators.js';
import { InferencePool } from './inference/pool.js';
import { Instruments } from './instruments/instruments.js';
import type { DataFolder } from './journal/data-folder.js';
import { Journal } from './journal/journal.js';
import { Retention } from './journal/retention.js';
import { FirstModels } from './learning/first-models.js';
import { ModelActivation, routeOf } from './learning/model-activation.js';
import { ModelAdoption } from './learning/model-adoption.js';
import { SeriesTraining } from './learning/series-training.js';
import { TrainingPool } from './learning/training-pool.js';
import { NatsMessaging } from './messaging/nats.js';
import { tapped, type SignalTaps } from './signal-taps.js';
import { openTracing, type OpenedTracing } from './ops/tracing.js';
import { StageLatencies } from './ops/stage-latencies.js';
import { Sources } from './ops/sources.js';
import type { PatternIndex } from './patterns/pattern-index.js';
import { PatternRecorder } from './patterns/pattern-recorder.js';
import { UsearchPatternIndex } from './patterns/usearch-pattern-index.js';
import { WeaviatePatternIndex } from './patterns/weaviate-pattern-index.js';
import { PostgresPredictionStore } from './prediction-store/postgres-prediction-store.js';
import type { PredictionArchive } from './prediction-store/archive.js';
import type { ReadablePredictions } from './prediction-store/prediction-store.js';
import { Publication } from './publication/publication.js';
import type { ArtifactStore } from './registry/artifact-store.js';
import { ModelFiles } from './registry/model-files.js';
import { Pressure } from './intake/pressure.js';
import type { ModelRegistry } from './registry/model-registry.js';
import { openArtifacts } from './registry/open.js';
import { DEFAULT_RULES } from './rollout/decision.js';
import { Rollouts } from './rollout/rollouts.js';
import { RoutePlans } from './rollout/route-plans.js';
import { PostgresDeployments } from './registry/postgres-deployments.js';
import { PostgresModelRegistry } from './registry/postgres-model-registry.js';
import { cachedRowTarget, featureTarget } from './sinks/feature-target.js';
import { patternTarget } from './sinks/pattern-target.js';
import { cachedSignalTarget, natsTarget, predictionTarget } from './sinks/prediction-target.js';
import { RowOwners } from './sinks/row-owners.js';
import { Sink, type SinkTarget } from './sinks/sink.js';
import { gatesBy } from './tenant-gates.js';
import { besidesOf, wireRelations, type RelatedTo } from './wiring-relations.js';
import { routeUse } from './wiring-routes.js';

/** How often the registry is asked whether anything changed, and the outcomes of trials are looked at. */
const PLANS_EVERY_MS = 2_000;
const TRIALS_EVERY_MS = 5_000;

/** Everything that is outside the engine: the journal, stores, servers. */
export interface Stores {
  readonly folder: DataFolder;
  readonly journal: Journal;
  readonly postgres: OpenPostgres;
  readonly features: FeatureStore & PredictionArchive;
  readonly predictions: ReadablePredictions;
  readonly registry: ModelRegistry;
  readonly deployments: PostgresDeployments;
  readonly alertStore: AlertStore & Pick<PostgresAlertStore, 'end'>;
  readonly jobs: PostgresJobStore;
  readonly artifacts: ArtifactStore;
  readonly cache: Cache | undefined;
  readonly messaging: NatsMessaging | undefined;
  readonly weaviate: WeaviatePatternIndex | undefined;
  /** Undefined while traces are off. */
  readonly tracing: OpenedTracing | undefined;
}

/** Opens what the configuration names; servers may be away. `undo` gets what closes it again, for a start that fails. */
export async function openStores(
  config: Config,
  folder: DataFolder,
  background: Background,
  log: Logger,
  undo: (() => Promise<void>)[],
): Promise<Stores> {
  mkdirSync(folder.at('journal'), { recursive: true });
  const journal = Journal.open(folder.at('journal'), config.journal.maxMegabytes * 1e6);
  undo.push(async () => await journal.close());
  const features = openFeatureStore(config.clickhouse, folder.path);
  undo.push(async () => await features.close());
  const prepare = async (): Promise<void> => await features.prepare();
  // Tables are made now in this process, on a server as soon as it answers.
  const prepared =
    config.clickhouse.url === undefined ? prepare() : void background.untilDone('ClickHouse schema', prepare);
  const opening = openPostgres(config.postgres, folder.at('postgres'), background, log);
  undo.push(async () => await (await opening).stop());
  const [postgres] = await Promise.all([opening, prepared]);
  const tracing = await openTracing(config.tracing, SYSTEM_CLOCK, log);
  undo.push(async () => await tracing?.close());
  const { url: natsUrl, ...nats } = config.nats;
  const tenants = config.tenants.map(({ id }) => id);
  const { url: weaviateUrl, apiKey } = config.weaviate;
  return {
    folder,
    journal,
    postgres,
    features,
    predictions: new PostgresPredictionStore(postgres.connection),
    registry: new PostgresModelRegistry(postgres.connection),
    deployments: new PostgresDeployments(postgres.connection),
    alertStore: new PostgresAlertStore(postgres.connection),
    jobs: new PostgresJobStore(postgres.connection),
    artifacts: openArtifacts(folder.at('artifacts'), config.artifacts),
    cache: config.redis.url === undefined ? undefined : new Cache(config.redis.url, log),
    messaging: natsUrl === undefined ? undefined : new NatsMessaging({ url: natsUrl, ...nats, tenants }, log),
    weaviate:
      weaviateUrl === undefined
        ? undefined
        : new WeaviatePatternIndex({ url: weaviateUrl, apiKey, anomalyFrom: DEFAULT_GATES.maxAnomaly }),
    tracing,
  };
}

/** What makes signals: models, moments, instruments, publication. */
export interface SignalRooms {
  readonly calendars: Calendars;
  readonly inference: InferencePool;
  readonly models: ModelFiles;
  readonly index: PatternIndex;
  readonly recorder: PatternRecorder;
  readonly evidence: EvidenceGatherer;
  readonly relatedTo: RelatedTo | undefined;
  readonly publication: Publication;
  readonly instruments: Instruments;
  readonly times: StageLatencies;
}

function wireModels(
  config: Config,
  { artifacts }: Stores,
  log: Logger,
): Pick<SignalRooms, 'inference' | 'models'> {
  const inference = new InferencePool(config.inference);
  const models = new ModelFiles({
    artifacts,
    tryPair: async (pair) => await inference.check(pair),
    clock: SYSTEM_CLOCK,
    onState: ({ state }) => {
      if (state.kind === 'withheld') log.error({ reason: state.reason }, 'model withheld');
    },
  });
  return { inference, models };
}

/** `patient` rooms wait for all evidence: a replay must not depend on how fast the machine is, nor on another process. */
export function wireSignals(
  config: Config,
  stores: Stores,
  patient: boolean,
  taps: SignalTaps,
  log: Logger,
): SignalRooms {
  const { journal, features } = stores;
  const { inference, models } = wireModels(config, stores, log);
  const weaviate = patient ? undefined : stores.weaviate;
  const index: PatternIndex = weaviate ?? new UsearchPatternIndex();
  const { momentsMax, neighbours } = config.patterns;
  const recorder = new PatternRecorder(journal, weaviate === undefined ? index : undefined, momentsMax);
  const times = new StageLatencies(SYSTEM_CLOCK);
  const publication = new Publication(journal, SYSTEM_CLOCK, times, stores.tracing);
  const gatesOf = gatesBy(config);
  const calendars = new Calendars(config.calendars);
  const relatedTo = wireRelations(config, stores, calendars, () => instruments, patient, log);
  const evidence = new EvidenceGatherer({
    clock: SYSTEM_CLOCK,
    inference,
    index,
    recorder,
    pairOf: async (route) => await models.ready(route),
    routeOf: (actorId) => instruments.graph.signal(actorId)?.route,
    gatesOf,
    deadlineMs: config.inference.deadlineMs,
    neighbours,
    relatedTo,
    patient,
    onError: (facts) => log.error(facts, 'evidence failed'),
  });
  const instruments: Instruments = new Instruments({
    journal,
    calendars,
    clock: SYSTEM_CLOCK,
    log,
    random: Math.random,
    actors: { basis: config.bars.basis, gatesOf },
    ports: tapped(evidence, publication, taps),
    times,
    storedBars: async (series, after, limit) => await features.barsAfter(series, after, limit),
    useRoute: routeUse({ models, recorder, evidence }),
    limitsOf: (tenantId) => config.tenants.find(({ id }) => id === tenantId)?.quotas ?? config.quotas,
  });
  return {
    inference,
    models,
    index,
    recorder,
    evidence,
    relatedTo,
    publication,
    calendars,
    instruments,
    times,
  };
}

/** What is let in is done in half the time that its models have. */
export function wirePressure(config: Config, instruments: Instruments): Pressure {
  const weights = new Map(config.tenants.map(({ id, quotas }) => [id, quotas?.weight]));
  return new Pressure({
    work: instruments.workload,
    clock: SYSTEM_CLOCK,
    targetMs: config.inference.deadlineMs / 2,
    waitMsMax: config.doorSeconds * 1000,
    weightOf: (tenantId) => weights.get(tenantId) ?? config.quotas.weight,
  });
}

/** Every reader of the journal that a configuration asks for. */
export function wireSinks(config: Config, stores: Stores, instruments: Instruments, log: Logger): Sink[] {
  const { journal, features, predictions, cache, messaging, weaviate } = stores;
  const extras = new Map(
    config.tenants.flatMap((tenant) =>
      tenant.extras.length === 0 ? [] : [[tenant.id, new ExtraIndicators(tenant.id, tenant.extras)] as const],
    ),
  );
  const owners = new RowOwners(instruments, new TenantIndicators(features), extras);
  const parts = { journal, clock: SYSTEM_CLOCK, log, random: Math.random };
  const sinks: Sink[] = [];
  const add = <R>(target: SinkTarget<R>): void =>
    void sinks.push(new Sink<R>(parts, target) as unknown as Sink);
  add(featureTarget(journal, features, async (rows) => await owners.identify(rows)));
  add(predictionTarget(journal, predictions));
  if (cache !== undefined) {
    add(cachedSignalTarget(journal, cache));
    add(cachedRowTarget(journal, cache));
  }
  if (weaviate !== undefined) add(patternTarget(journal, weaviate));
  if (messaging !== undefined) add(natsTarget(journal, messaging));
  return sinks;
}

/** What makes models, and brings them into use. */
export interface LearningRooms {
  readonly pool: TrainingPool;
  readonly training: SeriesTraining;
  readonly firstModels: FirstModels;
  readonly plans: RoutePlans;
  readonly rollouts: Rollouts;
}

/** What learning needs beside the stores: also when what the journal holds is in them. */
export interface LearningParts extends SignalRooms {
  readonly clock: Clock;
  readonly featuresStored: () => Promise<void>;
  /** With false when the engine stops before. */
  readonly momentsStored: () => Promise<boolean>;
}

export function wireLearning(
  config: Config,
  stores: Stores,
  rooms: LearningParts,
  log: Logger,
): LearningRooms {
  const { journal } = stores;
  const { clock } = rooms;
  const pool = new TrainingPool();
  const durable = async (): Promise<void> => await journal.durable();
  const activation = new ModelActivation({
    ...stores,
    ...rooms,
    isIndexHere: stores.weaviate === undefined,
    durable,
  });
  const parts = { ...stores, ...rooms, pool, activation, log };
  const besides = besidesOf(config, rooms.instruments);
  const training = new SeriesTraining({ ...parts, settings: config.training, besides });
  const adoption = new ModelAdoption({
    ...parts,
    rowsMax: config.training.rowsMax,
  });
  const firstModels = new FirstModels({
    instruments: rooms.instruments,
    training,
    adoption,
    hasRoom: () => journal.takesInput,
    clock,
    random: Math.random,
    log,
    automatic: config.training.firstModels,
  });
  const { plans, rollouts } = wireRollouts(config, stores, { ...rooms, adoption }, log);
  return { pool, training, firstModels, plans, rollouts };
}

/** What decides which models serve. */
function wireRollouts(
  config: Config,
  { journal, deployments, predictions }: Stores,
  {
    instruments,
    clock,
    adoption,
  }: Pick<LearningParts, 'instruments' | 'clock'> & { readonly adoption: ModelAdoption },
  log: Logger,
): Pick<LearningRooms, 'plans' | 'rollouts'> {
  const plans = new RoutePlans({
    instruments,
    deployments,
    prepare: async (seriesId, tenantId, model) => await adoption.prepare(seriesId, tenantId, model),
    routeOf,
    durable: async () => await journal.durable(),
    clock,
    log,
  });
  const rollouts = new Rollouts({
    deployments,
    plans,
    outcomes: predictions.history,
    rules: { ...DEFAULT_RULES, ...config.rollout },
    now: () => clock.now(),
    log,
  });
  return { plans, rollouts };
}

/** Keeps plans equal to the registry, and looks at the outcomes of trials, as long as the engine serves. */
export function followRegistry({ plans, rollouts }: LearningRooms, background: Background): void {
  void background.repeat(PLANS_EVERY_MS, async () => await plans.checkQuietly());
  void background.repeat(TRIALS_EVERY_MS, async () => await rollouts.decideAll());
}

export function wireRetention(
  journal: Journal,
  { recorder, instruments }: Pick<SignalRooms, 'recorder' | 'instruments'>,
  log: Logger,
): Retention {
  return new Retention(journal, SYSTEM_CLOCK, {
    isUsed: (partition) => recorder.isUsed(partition),
    fold: () => instruments.fold(),
    onShed: (rows) => log.warn({ rows }, 'a full journal: rows left it before their labels were known'),
    onError: (error) => log.warn({ error }, 'the journal could not be purged'),
  });
}

export function wireSources(config: Config, { messaging, artifacts }: Stores, log: Logger): Sources {
  const remote = config.artifacts.uri === undefined ? undefined : artifacts;
  return new Sources({ messaging, artifacts: remote, log });
}
