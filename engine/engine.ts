import { pino, type Logger } from 'pino';
import { Background } from './background.js';
import { SkewMonitor } from './backfill/skew-monitor.js';
import type { Cache } from './cache/cache.js';
import { SYSTEM_CLOCK } from './clock.js';
import type { Config } from './config.js';
import { ApiKeys, type KeyTable } from './credentials/api-keys.js';
import { messageOf, type SuhoError } from './errors.js';
import type { EvidenceGatherer } from './evidence/evidence-gatherer.js';
import type { FeatureStore } from './feature-store/feature-store.js';
import { Feedback } from './feedback/feedback.js';
import type { InferencePool } from './inference/pool.js';
import { seriesIdentity } from './instruments/ids.js';
import type { Instruments } from './instruments/instruments.js';
import { Intake } from './intake/intake.js';
import { DataFolder } from './journal/data-folder.js';
import type { Journal } from './journal/journal.js';
import { Retention } from './journal/retention.js';
import { SeriesTraining } from './learning/series-training.js';
import { TrainingPool } from './learning/training-pool.js';
import type { NatsMessaging } from './messaging/nats.js';
import { EngineStatus } from './ops/engine-status.js';
import type { PredictionStore } from './prediction-store/prediction-store.js';
import type { Publication } from './publication/publication.js';
import type { ArtifactStore } from './registry/artifact-store.js';
import type { ModelRegistry } from './registry/model-registry.js';
import { RefusedRecords } from './sinks/refused-records.js';
import type { Sink, SinkStatus } from './sinks/sink.js';
import { openStores, wireSignals, wireSinks, type SignalRooms, type Stores } from './wiring.js';

const RETENTION_EVERY_MS = 86_400_000;
/** Time between two looks at whether the server of model files is there: nothing else would notice for days. */
const ARTIFACTS_EVERY_MS = 3_000;

export interface EngineOptions {
  /**
   * Live engines hold evidence to its deadline; a replay waits for it, so its signals do not depend on how
   * fast the machine is.
   */
  readonly waitForEvidence?: boolean;
  readonly log?: Logger;
}

/** Opens, connects, drains and closes all rooms. It decides nothing itself. */
export class Engine {
  readonly config: Config;
  readonly log: Logger;
  readonly intake: Intake;
  readonly feedback: Feedback;
  readonly training: SeriesTraining;
  readonly keys: ApiKeys;
  readonly status: EngineStatus;
  readonly refused: RefusedRecords;
  /** Settles when the engine cannot go on, with the reason: the process should end, a new one takes up from the disk. */
  readonly failed: Promise<SuhoError>;
  readonly #stores: Stores;
  readonly #rooms: SignalRooms;
  readonly #background: Background;
  readonly #retention: Retention;
  readonly #sinks: readonly Sink[];
  readonly #skew: SkewMonitor;
  readonly #trainingPool = new TrainingPool();
  #artifactsError: string | undefined;
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
    this.#background = background;
    this.failed = new Promise((resolve) => journal.onFailure(resolve));
    this.#skew = new SkewMonitor(config.features.checkEverySeconds * 1000, folder.at('backfill'), log);
    this.#rooms = wireSignals(
      config,
      stores,
      options.waitForEvidence ?? false,
      (row) => {
        if (this.#state === 'serving') this.#skew.see(row, seriesIdentity(row.seriesId), features);
      },
      log,
    );
    const { instruments, recorder } = this.#rooms;
    this.#sinks = wireSinks(config, stores, instruments, log);
    this.refused = new RefusedRecords(journal, this.#sinks);
    this.intake = new Intake({
      instruments,
      journal,
      clock: SYSTEM_CLOCK,
      storedBars: async (series, after, limit) => await features.barsAfter(series, after, limit),
      quoteBase: config.bars.base,
    });
    this.feedback = new Feedback(journal, stores.predictions, recorder);
    this.keys = new ApiKeys(
      postgres.connection,
      journal.fact('apiKeys') as KeyTable | undefined,
      (table) => journal.putFact('apiKeys', table),
      log,
    );
    this.#retention = new Retention(journal, SYSTEM_CLOCK, {
      isUsed: (partition) => recorder.isUsed(partition),
      fold: () => instruments.fold(),
      onShed: (rows) =>
        log.warn({ rows }, 'journal.maxMegabytes is too small: rows left it before their labels were known'),
      onError: (error) => log.warn({ error }, 'the journal could not be purged'),
    });
    this.training = new SeriesTraining({
      ...stores,
      ...this.#rooms,
      pool: this.#trainingPool,
      settings: config.training,
      featuresStored: async () => await this.#sinks.find(({ name }) => name === 'features')?.caughtUp(),
      durable: async () => await journal.durable(),
    });
    this.status = new EngineStatus({
      journal,
      instruments,
      intake: this.intake,
      sinks: this.#sinks,
      trades: () => this.feedback.taken,
      skew: () => this.#skew.counts(),
      models: () => this.#rooms.models.status(),
      sources: () => this.#sources(),
    });
  }

  /**
   * Opens a data folder and brings it to where it was: stores, models, patterns, actors. Throws a
   * `SuhoError` when the folder is in use, of another version, or a store cannot start.
   */
  static async open(config: Config, options: EngineOptions = {}): Promise<Engine> {
    const folder = DataFolder.open(config.data);
    const log = options.log ?? pino({ level: config.log }, pino.destination({ fd: 2, sync: true }));
    const background = new Background(SYSTEM_CLOCK, log);
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
    this.#retention.start();
    this.intake.open();
    this.#state = 'serving';
    void this.#background.repeat(RETENTION_EVERY_MS, async () => {
      await this.#background.untilDone('retention', async () => await this.#applyRetention());
    });
    if (this.config.artifacts.uri !== undefined)
      void this.#background.repeat(ARTIFACTS_EVERY_MS, async () => await this.#probeArtifacts());
  }

  async #applyRetention(): Promise<void> {
    const dropped = await this.predictions.applyRetention();
    if (dropped > 0) this.log.info({ dropped }, 'partitions past their time were dropped');
  }

  async #probeArtifacts(): Promise<void> {
    const error = await this.artifacts.probe().then(() => undefined, messageOf);
    if (error !== undefined && this.#artifactsError === undefined)
      this.log.warn({ error }, 'the server of model files is away');
    this.#artifactsError = error;
  }

  #sources(): ReturnType<EngineStatus['sources']> {
    const { messaging } = this.#stores;
    return [
      ...(messaging === undefined ? [] : [{ name: 'nats', error: messaging.error }]),
      ...(this.config.artifacts.uri === undefined ? [] : [{ name: 's3', error: this.#artifactsError }]),
    ];
  }

  get journal(): Journal {
    return this.#stores.journal;
  }

  get features(): FeatureStore {
    return this.#stores.features;
  }

  get predictions(): PredictionStore {
    return this.#stores.predictions;
  }

  get registry(): ModelRegistry {
    return this.#stores.registry;
  }

  get artifacts(): ArtifactStore {
    return this.#stores.artifacts;
  }

  get cache(): Cache | undefined {
    return this.#stores.cache;
  }

  get messaging(): NatsMessaging | undefined {
    return this.#stores.messaging;
  }

  get inference(): InferencePool {
    return this.#rooms.inference;
  }

  get instruments(): Instruments {
    return this.#rooms.instruments;
  }

  get evidence(): EvidenceGatherer {
    return this.#rooms.evidence;
  }

  get publication(): Publication {
    return this.#rooms.publication;
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
    this.#retention.stop();
    this.instruments.stop();
    if (graceful) await this.instruments.foldAll().catch(() => undefined);
    await this.#skew.stop();
    await Promise.all(this.#sinks.map(async (sink) => await sink.stop(this.config.drainSeconds * 1000)));
    const behind = this.status.sinks().filter(({ lagRows }) => lagRows > 0);
    await this.#close();
    this.#state = 'stopped';
    return behind;
  }

  async #close(): Promise<void> {
    const { cache, messaging, predictions, registry, features, artifacts, postgres, journal, folder } =
      this.#stores;
    await this.keys.stop();
    cache?.close();
    await messaging?.stop();
    this.#rooms.models.close();
    await Promise.all([this.inference.close(), this.#trainingPool.close()]);
    await Promise.all([predictions.close(), registry.close(), features.close()]);
    artifacts.close();
    await postgres.stop();
    await journal.close();
    folder.release();
  }
}
