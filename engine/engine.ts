import { pino, type Logger } from 'pino';
import { Background } from './background.js';
import { SkewMonitor } from './backfill/skew-monitor.js';
import type { Cache } from './cache/cache.js';
import { SYSTEM_CLOCK, type Clock } from './clock.js';
import type { Config } from './config.js';
import { ApiKeys, type KeyTable } from './credentials/api-keys.js';
import type { Alerts } from './drift/alerts.js';
import type { SuhoError } from './errors.js';
import type { EvidenceGatherer } from './evidence/evidence-gatherer.js';
import type { FeatureStore } from './feature-store/feature-store.js';
import { Feedback } from './feedback/feedback.js';
import type { InferencePool } from './inference/pool.js';
import { seriesIdentity } from './instruments/ids.js';
import type { Instruments } from './instruments/instruments.js';
import { ReplacedHistory } from './instruments/replaced-history.js';
import { Intake } from './intake/intake.js';
import { DataFolder } from './journal/data-folder.js';
import type { Journal } from './journal/journal.js';
import type { Retention } from './journal/retention.js';
import type { FirstModels } from './learning/first-models.js';
import type { Retraining } from './learning/retraining/retraining.js';
import type { SeriesTraining } from './learning/series-training.js';
import type { NatsMessaging } from './messaging/nats.js';
import { EngineStatus } from './ops/engine-status.js';
import type { Sources } from './ops/sources.js';
import type { StageLatencies } from './ops/stage-latencies.js';
import { archiveExpired } from './prediction-store/archive.js';
import type { ReadablePredictions } from './prediction-store/prediction-store.js';
import type { Publication } from './publication/publication.js';
import type { ArtifactStore } from './registry/artifact-store.js';
import type { Deployments } from './registry/deployments.js';
import type { ModelRegistry } from './registry/model-registry.js';
import type { Rollouts } from './rollout/rollouts.js';
import type { RoutePlans } from './rollout/route-plans.js';
import type { SignalTaps } from './signal-taps.js';
import { RefusedRecords } from './sinks/refused-records.js';
import type { Sink, SinkStatus } from './sinks/sink.js';
import {
  followRegistry,
  openStores,
  wireLearning,
  wireRetention,
  wireSignals,
  wirePressure,
  wireSinks,
  wireSources,
  type LearningRooms,
  type SignalRooms,
  type Stores,
} from './wiring.js';
import { wireDrift, wireRetraining, type DriftRooms } from './wiring-drift.js';
import { wireExplanations, type ExplanationRooms } from './wiring-explanation.js';

const RETENTION_EVERY_MS = 86_400_000;
/** How often the store is asked whether history was replaced. */
const REPLACED_EVERY_MS = 60_000;

export interface EngineOptions {
  /**
   * Live engines hold evidence to its deadline; a replay waits for it, so its signals do not depend on how
   * fast the machine is.
   */
  readonly waitForEvidence?: boolean;
  /**
   * Time of what the engine does of itself beside signals: watching models, training and trying them, keeping plans. Data,
   * deadlines and stores go by the machine's.
   */
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** Opens, connects, drains and closes all rooms. It decides nothing itself. */
export class Engine {
  readonly config: Config;
  readonly log: Logger;
  readonly journal: Journal;
  readonly features: FeatureStore;
  readonly predictions: ReadablePredictions;
  readonly registry: ModelRegistry;
  readonly deployments: Deployments;
  readonly artifacts: ArtifactStore;
  readonly cache: Cache | undefined;
  readonly messaging: NatsMessaging | undefined;
  readonly inference: InferencePool;
  readonly instruments: Instruments;
  readonly evidence: EvidenceGatherer;
  readonly publication: Publication;
  readonly intake: Intake;
  readonly feedback: Feedback;
  readonly training: SeriesTraining;
  readonly firstModels: FirstModels;
  readonly rollouts: Rollouts;
  readonly plans: RoutePlans;
  readonly alerts: Alerts;
  readonly retraining: Retraining;
  readonly explanations: ExplanationRooms['explanations'];
  readonly anomalies: ExplanationRooms['anomalies'];
  readonly keys: ApiKeys;
  readonly status: EngineStatus;
  readonly latencies: StageLatencies;
  readonly refused: RefusedRecords;
  /** What it takes input and model files from, for health. */
  readonly sources: Sources;
  /** Settles when the engine cannot go on, with the reason: the process should end, a new one takes up from the disk. */
  readonly failed: Promise<SuhoError>;
  readonly #stores: Stores;
  readonly #rooms: SignalRooms;
  readonly #learning: LearningRooms;
  readonly #drift: DriftRooms;
  readonly #explanation: ExplanationRooms;
  readonly #openRetraining: () => void;
  readonly #background: Background;
  readonly #retention: Retention;
  readonly #sinks: readonly Sink[];
  readonly #skew: SkewMonitor;
  readonly #replaced: ReplacedHistory;
  readonly #isPatient: boolean;
  #state: 'starting' | 'serving' | 'stopping' | 'stopped' = 'starting';

  private constructor(
    config: Config,
    options: EngineOptions,
    stores: Stores,
    background: Background,
    log: Logger,
  ) {
    const { journal, features, folder, postgres } = stores;
    this.config = config;
    this.log = log;
    this.#stores = stores;
    ({ journal: this.journal, features: this.features, predictions: this.predictions } = stores);
    ({ registry: this.registry, deployments: this.deployments, artifacts: this.artifacts } = stores);
    ({ cache: this.cache, messaging: this.messaging } = stores);
    this.#background = background;
    this.#isPatient = options.waitForEvidence ?? false;
    this.failed = new Promise((resolve) => journal.onFailure(resolve));
    this.#drift = wireDrift(config, stores, () => this.instruments, background, log);
    this.alerts = this.#drift.alerts;
    this.#rooms = wireSignals(config, stores, this.#isPatient, this.#taps(), log);
    const everyMs = config.features.checkEverySeconds * 1000;
    this.#skew = new SkewMonitor(everyMs, folder.at('backfill'), this.#rooms.calendars, log);
    const { instruments, recorder } = this.#rooms;
    ({ inference: this.inference, evidence: this.evidence, publication: this.publication } = this.#rooms);
    this.instruments = instruments;
    this.#explanation = wireExplanations(config, stores, this.#rooms, log);
    ({ explanations: this.explanations, anomalies: this.anomalies } = this.#explanation);
    this.latencies = this.#rooms.times;
    this.#replaced = new ReplacedHistory({ journal, instruments, features, log });
    this.#sinks = wireSinks(config, stores, instruments, log);
    this.refused = new RefusedRecords(journal, this.#sinks);
    this.intake = new Intake({
      pressure: wirePressure(config, instruments),
      instruments,
      calendars: this.#rooms.calendars,
      journal,
      clock: SYSTEM_CLOCK,
      storedBars: async (series, after, limit) => await features.barsAfter(series, after, limit),
      quoteBase: config.bars.base,
      times: this.latencies,
      tracing: stores.tracing,
    });
    this.feedback = new Feedback(journal, stores.predictions, recorder);
    this.keys = new ApiKeys(
      postgres.connection,
      journal.fact('apiKeys') as KeyTable | undefined,
      (table) => journal.putFact('apiKeys', table),
      log,
    );
    this.#retention = wireRetention(journal, this.#rooms, log);
    this.sources = wireSources(config, stores, log);
    const featuresStored = async () => await this.#storedBy('features');
    const momentsStored = async () => await this.#momentsStored();
    const rooms = { ...this.#rooms, featuresStored, momentsStored, clock: background.clock };
    this.#learning = wireLearning(config, stores, rooms, log);
    ({ training: this.training, firstModels: this.firstModels } = this.#learning);
    ({ rollouts: this.rollouts, plans: this.plans } = this.#learning);
    const { retraining, open } = wireRetraining(config, stores, {
      alerts: this.alerts,
      instruments,
      training: this.training,
      log,
      propose: async (challenger) => await this.rollouts.propose(challenger),
      featuresStored,
      background,
    });
    this.retraining = retraining;
    this.#openRetraining = open;
    this.status = this.#status();
  }

  /** Settles when a sink, where there is one of this name, has written what the journal holds now. */
  async #storedBy(sink: string): Promise<void> {
    await this.#sinks.find(({ name }) => name === sink)?.caughtUp();
  }

  /** As `momentsStored` of the learning rooms: false when the engine stops before. */
  async #momentsStored(): Promise<boolean> {
    await this.#storedBy('patterns');
    return this.#state === 'serving';
  }

  /** What each row, conclusion and outcome is shown to. */
  #taps(): SignalTaps {
    return {
      ...this.#drift.taps,
      onRow: (row) => {
        this.firstModels.see(row);
        this.#drift.watch.see(row);
        if (this.#state === 'serving') this.#skew.see(row, seriesIdentity(row.seriesId), this.features);
      },
      onArms: (...arms) => this.rollouts.seeArms(...arms),
    };
  }

  #status(): EngineStatus {
    const { journal, instruments, intake } = this;
    return new EngineStatus({
      journal,
      instruments,
      intake,
      sinks: this.#sinks,
      trades: () => this.feedback.taken,
      skew: () => this.#skew.counts(),
      models: () => this.#rooms.models.status(),
      rowsShed: () => this.#retention.rowsShed,
      sources: () => this.sources.status(),
      alerts: (tenantId) => this.alerts.counts(tenantId),
      drift: () => this.#drift.watch.counts(),
      retraining: () => this.retraining.counts(),
    });
  }

  /**
   * Opens a data folder and brings it to where it was: stores, models, patterns, actors. Throws a
   * `SuhoError` when the folder is in use, of another version, or a store cannot start.
   */
  static async open(config: Config, options: EngineOptions = {}): Promise<Engine> {
    const folder = DataFolder.open(config.data);
    const log = options.log ?? pino({ level: config.log }, pino.destination({ fd: 2, sync: true }));
    const background = new Background(options.clock ?? SYSTEM_CLOCK, log);
    const undo: (() => Promise<void>)[] = [];
    let engine: Engine | undefined;
    try {
      const stores = await openStores(config, folder, background, log, undo);
      engine = new Engine(config, options, stores, background, log);
      await engine.#start();
      return engine;
    } catch (error) {
      background.stop();
      if (engine === undefined) for (const close of undo.reverse()) await close().catch(() => undefined);
      else await engine.stop().catch(() => undefined);
      folder.release();
      throw error;
    }
  }

  async #start(): Promise<void> {
    for (const sink of this.#sinks) sink.start();
    await this.#rooms.instruments.open();
    void this.#background.repeat(REPLACED_EVERY_MS, async () => await this.#replaced.check());
    this.#retention.start();
    this.noteGates();
    this.intake.open();
    this.#state = 'serving';
    void this.#background.repeat(RETENTION_EVERY_MS, async () => {
      await this.#background.untilDone('retention', async () => await this.#applyRetention());
    });
    this.sources.watch(this.#background);
    this.alerts.open();
    this.#drift.watch.open();
    // A replay's models are those of its own past.
    if (this.#isPatient) return;
    followRegistry(this.#learning, this.#background);
    this.#openRetraining();
  }

  /** Remembers the gates that the signals of each tenant meet from now on. */
  noteGates(): void {
    this.#explanation.gates.note(this.config.tenants.map(({ id }) => id));
  }

  async #applyRetention(): Promise<void> {
    const { features, predictions } = this.#stores;
    const archived = await archiveExpired(predictions.expired, features);
    if (archived.predictions > 0)
      this.log.info(archived, 'predictions past their time went into the history');
    const dropped = await this.predictions.applyRetention();
    if (dropped > 0) this.log.info({ dropped }, 'partitions past their time were dropped');
  }

  get state(): 'starting' | 'serving' | 'stopping' | 'stopped' {
    return this.#state;
  }

  /** Settles when no actor has work and no evidence is awaited. */
  async settled(): Promise<void> {
    await this.instruments.settled();
  }

  /** Settles when the stores hold all that the journal does. */
  async stored(): Promise<void> {
    await Promise.all(this.#sinks.map(async (sink) => await sink.caughtUp()));
  }

  /**
   * Drains: takes no more input, lets the actors finish, snapshots them, lets the stores take what waits as far as
   * `drainSeconds` allows, and closes everything. Idempotent. Returns the sinks that the next start has something left for.
   */
  async stop(): Promise<readonly SinkStatus[]> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return [];
    const graceful = this.#state === 'serving';
    this.#state = 'stopping';
    this.intake.close();
    this.#background.stop();
    this.#replaced.stop();
    this.firstModels.stop();
    this.#retention.stop();
    this.instruments.stop();
    if (graceful) await this.instruments.foldAll().catch(() => undefined);
    await this.#skew.stop();
    await this.retraining.stop();
    await this.#drift.watch.stop();
    await Promise.all(this.#sinks.map(async (sink) => await sink.stop(this.config.drainSeconds * 1000)));
    const behind = this.status.sinks().filter(({ lagRows }) => lagRows > 0);
    await this.#close();
    this.#state = 'stopped';
    return behind;
  }

  async #close(): Promise<void> {
    await this.keys.stop();
    this.cache?.close();
    await this.messaging?.stop();
    this.#rooms.models.close();
    await Promise.all([this.inference.close(), this.#learning.pool.close()]);
    await this.firstModels.ended();
    const { deployments, alertStore, jobs } = this.#stores;
    await Promise.all([this.predictions, this.registry, deployments, this.features].map((s) => s.close()));
    await Promise.all([alertStore.end(), jobs.close()]);
    this.artifacts.close();
    await this.#stores.tracing?.close();
    await this.#stores.postgres.stop();
    await this.journal.close();
    this.#stores.folder.release();
  }
}
