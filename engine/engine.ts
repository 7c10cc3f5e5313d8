import { mkdirSync } from 'node:fs';
import type pg from 'pg';
import { pino, type Logger } from 'pino';
import { FEATURE_SET_VERSION } from '../actors/features/catalogue.js';
import { barDefect, type Bar, type RejectReason } from '../actors/market/bar.js';
import { quoteDefect, type Quote } from '../actors/market/quote.js';
import { TIMEFRAMES, timeframeMs, type Timeframe } from '../actors/market/timeframe.js';
import type { Effect, FeatureRow, Message } from '../actors/messages.js';
import { ActorSystem, type SystemCounts } from '../actors/runtime/actor-system.js';
import { SeriesActor, SeriesKernels } from '../actors/series-actor.js';
import { SignalActor, SignalKernels, WARM_UP_BARS } from '../actors/signal-actor.js';
import type { Evidence, ModelEvidence, PatternEvidence } from '../actors/signals/evidence.js';
import { DEFAULT_GATES, type Gates } from '../actors/signals/gates.js';
import { vote } from '../actors/signals/pattern-vote.js';
import type { Route } from '../actors/signals/route.js';
import type { Signal } from '../actors/signals/signal.js';
import { TenantActor, tenantActorId } from '../actors/tenant-actor.js';
import { SkewMonitor, type SkewCounts } from './backfill/skew-monitor.js';
import { Cache } from './cache/cache.js';
import type { Config } from './config.js';
import { ApiKeys, type KeyTable } from './credentials/api-keys.js';
import { EmbeddedPostgres } from './database/embedded-postgres.js';
import { applySchemas } from './database/schemas.js';
import { SuhoError, messageOf } from './errors.js';
import { ExtraIndicators } from './feature-store/extra-indicators.js';
import { ExtrasBook } from './feature-store/extras-book.js';
import { Feedback } from './feedback/feedback.js';
import { openFeatureStore } from './feature-store/open.js';
import type { FeatureStore, IdentifiedRow, SeriesIdentity } from './feature-store/feature-store.js';
import type { Inference } from './inference/inference.js';
import { InferencePool } from './inference/pool.js';
import type { ModelPair } from './inference/to-worker.js';
import { DataFolder } from './journal/data-folder.js';
import { Journal, type DeadLetterRecord } from './journal/journal.js';
import {
  packBars,
  packQuotes,
  unpackBars,
  unpackQuotes,
  type ConclusionRecord,
  type InputRecord,
  type StoredRow,
} from './journal/records.js';
import { Sink } from './journal/sink.js';
import { MODEL_FORM, type TrainingResult } from './learning/trainer.js';
import { TrainingPool } from './learning/training-pool.js';
import { NatsMessaging } from './messaging/nats.js';
import { CONDITIONS, conditionsOf } from './patterns/conditions.js';
import { PatternBook } from './patterns/pattern-book.js';
import type { PartitionKey, PatternIndex } from './patterns/pattern-index.js';
import { UsearchPatternIndex } from './patterns/usearch-pattern-index.js';
import { WeaviatePatternIndex } from './patterns/weaviate-pattern-index.js';
import { PostgresPredictionStore } from './prediction-store/postgres-prediction-store.js';
import type { PredictionStore } from './prediction-store/prediction-store.js';
import type { ArtifactPlace, ArtifactStore } from './registry/artifact-store.js';
import { FolderArtifactStore } from './registry/folder-artifact-store.js';
import { fileIfSound } from './registry/model-files.js';
import { modelName, nextVersion, type ModelRecord, type ModelRegistry } from './registry/model-registry.js';
import { PostgresModelRegistry } from './registry/postgres-model-registry.js';
import { S3ArtifactStore } from './registry/s3-artifact-store.js';
import { sinkTargets } from './sinks.js';

/** Owner of shared feeds in the stores. */
const PLATFORM = 'platform';
/** Bars and quotes of a group between two snapshots: what a recovery has to play again. */
const SNAPSHOT_EVERY = 4_000;
/** Stored bars read at a time when a group is rebuilt: no more than an actor's mailbox takes. */
const REBUILD_PAGE = 1_000;
/** Inferences begun ahead that are kept at most; an older one is begun again when it is asked for. */
const AHEAD_MAX = 4_096;
const RETENTION_EVERY_MS = 86_400_000;
/** Time between two looks at whether the server of model files is there: nothing else would notice for days. */
const ARTIFACTS_EVERY_MS = 3_000;
/** Messages queued in the actors, and rows that wait for their signal, above which inputs wait. */
const BACKLOG_MAX = 2_048;

/** A feed and symbol with everything built from it: the unit of order, of snapshots and of recovery. */
interface GroupDefinition {
  readonly feed: string;
  /** Tenant a private feed belongs to; `platform` for a shared one. */
  readonly owner: string;
  readonly symbol: string;
  readonly base: Timeframe;
  readonly longer: readonly Timeframe[];
  /** Tenants with signals, by timeframe. */
  readonly signals: readonly { readonly tenantId: string; readonly timeframe: Timeframe }[];
}

interface Group {
  readonly key: string;
  definition: GroupDefinition;
  /** Open time of the last base bar, or time of the last quote, accepted. */
  lastBarTime: number;
  lastQuoteTime: number;
  lastBar: Bar | undefined;
  position: number;
  sinceSnapshot: number;
  recovering: boolean;
  /** Whether the recovery under way began with stored bars. */
  rebuilt: boolean;
}

interface SnapshotCollection {
  readonly group: Group;
  readonly position: number;
  readonly waiting: Set<string>;
  readonly parts: Map<string, Uint8Array>;
}

/** What became of each of the inputs handed in together. */
export interface IngestResult {
  readonly accepted: number;
  readonly duplicates: number;
  readonly late: number;
  readonly rejected: readonly { readonly index: number; readonly reason: RejectReason }[];
  /** Settles when the accepted ones are durable. */
  readonly durable: Promise<void>;
}

export interface PublishedSignal {
  readonly sequence: number;
  readonly signal: Signal;
}

export interface EngineOptions {
  /**
   * Live engines hold evidence to its deadline; a replay waits for it, so its signals do not depend on how
   * fast the machine is.
   */
  readonly waitForEvidence?: boolean;
  readonly log?: Logger;
}

interface InputCounts {
  bars: number;
  quotes: number;
  rejected: number;
  duplicates: number;
  late: number;
  rows: number;
  signals: number;
}

export interface EngineCounts extends Readonly<InputCounts> {
  /** Trade results taken. */
  readonly trades: number;
  readonly withheld: Readonly<Record<string, number>>;
  readonly deadLetters: number;
  /** Live rows computed again from stored bars, and those that came out different. */
  readonly skew: SkewCounts;
}

/** The composition root: builds everything, wires it, starts it, drains it. */
export class Engine {
  readonly config: Config;
  readonly log: Logger;
  readonly artifacts: ArtifactStore;
  readonly journal: Journal;
  /** Settles when the engine cannot go on, with the reason: the process should end, a new one takes up from the disk. */
  readonly failed: Promise<SuhoError>;
  readonly inference: InferencePool;
  features!: FeatureStore;
  predictions!: PredictionStore;
  registry!: ModelRegistry;
  /** Where trade results come back to. */
  feedback!: Feedback;
  keys!: ApiKeys;
  readonly cache: Cache | undefined;
  readonly messaging: NatsMessaging | undefined;
  readonly #folder: DataFolder;
  readonly #system: ActorSystem<Message, Effect>;
  readonly #patterns: PatternBook;
  /** Where similar moments are looked for. */
  readonly #index: PatternIndex;
  readonly #weaviate: WeaviatePatternIndex | undefined;
  readonly #training: TrainingPool;
  readonly #skew: SkewMonitor;
  /** Further indicators, by tenant. */
  readonly #extras: ReadonlyMap<string, ExtraIndicators>;
  #extrasBook!: ExtrasBook;
  readonly #waitForEvidence: boolean;
  readonly #groups = new Map<string, Group>();
  readonly #groupOfSeries = new Map<string, Group>();
  readonly #seriesKernels = new Map<string, SeriesKernels>();
  readonly #signalKernels = new Map<Timeframe, SignalKernels>();
  readonly #topologies = new Map<string, { longer: string[]; subscribers: string[] }>();
  /** Close times up to which an actor's effects are in the journal already. */
  readonly #rowsKnown = new Map<string, number>();
  readonly #conclusionsKnown = new Map<string, number>();
  readonly #outcomesKnown = new Map<string, number>();
  readonly #snapshots = new Map<number, SnapshotCollection>();
  readonly #deadLetters: DeadLetterRecord[];
  readonly #pairs = new Map<string, ModelPair>();
  /** Inferences begun before they were asked for, with how many will ask. */
  readonly #ahead = new Map<string, { readonly promise: Promise<Inference>; uses: number }>();
  readonly #partitionOf = new Map<string, PartitionKey>();
  #unpublished: PublishedSignal[] = [];
  #onSignal: (published: PublishedSignal) => void = () => undefined;
  #epoch = 0;
  #evidencePending = 0;
  /** Rows handed to signal actors that have not concluded them. */
  #rowsOutstanding = 0;
  #settleWaiters: (() => void)[] = [];
  #postgres: EmbeddedPostgres | undefined;
  readonly #retries = new Set<NodeJS.Timeout>();
  #retention: NodeJS.Timeout | undefined;
  #artifactsWatch: NodeJS.Timeout | undefined;
  /** What is wrong with the server of model files, as far as is known. */
  #artifactsError: string | undefined;
  readonly #sinks: Sink[] = [];
  #state: 'starting' | 'serving' | 'stopping' | 'stopped' = 'starting';
  readonly #latency: { onEvidence?: (evidence: Evidence) => void } = {};
  #counts: InputCounts = {
    bars: 0,
    quotes: 0,
    rejected: 0,
    duplicates: 0,
    late: 0,
    rows: 0,
    signals: 0,
  };
  readonly #withheld: Record<string, number> = {};

  private constructor(config: Config, folder: DataFolder, options: EngineOptions) {
    this.config = config;
    this.#extras = new Map(
      config.tenants.flatMap(({ id, extras }) =>
        extras.length === 0 ? [] : [[id, new ExtraIndicators(id, extras)] as const],
      ),
    );
    this.#folder = folder;
    this.#waitForEvidence = options.waitForEvidence ?? false;
    this.log = options.log ?? pino({ level: config.log }, pino.destination({ fd: 2, sync: true }));
    mkdirSync(folder.at('journal'), { recursive: true });
    this.journal = new Journal(folder.at('journal'), config.journal.maxMegabytes * 1e6);
    this.artifacts = openArtifacts(folder.at('artifacts'), config.artifacts);
    this.cache = config.redis.url === undefined ? undefined : new Cache(config.redis.url, this.log);
    const { url, ...nats } = config.nats;
    this.messaging = url === undefined ? undefined : new NatsMessaging({ url, ...nats }, this.log);
    this.inference = new InferencePool(config.inference);
    this.#training = new TrainingPool();
    this.#skew = new SkewMonitor(config.features.checkEverySeconds * 1000, folder.at('backfill'), this.log);
    // A replay must not depend on what another process has taken in by now.
    const { url: weaviateUrl, apiKey } = this.#waitForEvidence ? {} : config.weaviate;
    if (weaviateUrl !== undefined)
      this.#weaviate = new WeaviatePatternIndex({
        url: weaviateUrl,
        apiKey,
        anomalyFrom: DEFAULT_GATES.maxAnomaly,
      });
    this.#index = this.#weaviate ?? new UsearchPatternIndex();
    this.#patterns = new PatternBook(this.journal, this.#weaviate === undefined ? this.#index : undefined);
    this.#deadLetters = this.journal.deadLetters();
    this.#system = new ActorSystem<Message, Effect>({
      onEffect: (effect) => this.#effect(effect),
      restart: (actorId, letter) => this.#restart(actorId, letter.error),
      onDeadLetter: ({ actorId, error }, parked) => {
        this.log.error({ actorId, error, parked }, parked ? 'actor parked' : 'actor failed');
      },
      schedule: (turn) => {
        setImmediate(() => {
          turn();
          this.#checkSettled();
        });
      },
      now: () => performance.now(),
    });
    this.journal.onCommitted((through) => this.#publish(through));
    this.failed = new Promise((resolve) => this.journal.onFailure(resolve));
  }

  /**
   * Opens a data folder and brings it to where it was: stores, models, patterns, actors. Throws a
   * `SuhoError` when the folder is in use, of another version, or a store cannot start.
   */
  static async open(config: Config, options: EngineOptions = {}): Promise<Engine> {
    const folder = DataFolder.open(config.data);
    let engine: Engine | undefined;
    try {
      engine = new Engine(config, folder, options);
      await engine.#start();
      return engine;
    } catch (error) {
      await engine?.stop().catch(() => undefined);
      folder.release();
      throw error;
    }
  }

  async #start(): Promise<void> {
    this.features = openFeatureStore(this.config.clickhouse, this.#folder.path);
    this.#extrasBook = new ExtrasBook(this.features);
    const [connection] = await Promise.all([this.#openPostgres(), this.#prepareFeatures()]);
    this.predictions = new PostgresPredictionStore(connection);
    this.registry = new PostgresModelRegistry(connection);
    this.feedback = new Feedback(this.journal, this.predictions, this.#patterns);
    this.keys = new ApiKeys(
      connection,
      this.journal.fact('apiKeys') as KeyTable | undefined,
      (table) => this.journal.putFact('apiKeys', table),
      this.log,
    );
    this.#startSinks();
    if (this.config.artifacts.uri !== undefined) this.#watchArtifacts();
    for (const [key, definition] of this.journal.facts('group:'))
      await this.#openGroup(key, definition as GroupDefinition);
    await this.#recover([...this.#groups.values()]);
    await this.settled();
    this.#state = 'serving';
    this.#keepRetention();
  }

  /** Drops what is past its time, now and once a day. */
  #keepRetention(): void {
    this.#retry('retention', async () => {
      const dropped = await this.predictions.applyRetention();
      if (dropped > 0) this.log.info({ dropped }, 'partitions past their time were dropped');
    });
    this.#retention = setTimeout(() => this.#keepRetention(), RETENTION_EVERY_MS).unref();
  }

  #watchArtifacts(): void {
    void this.artifacts
      .probe()
      .then(
        () => undefined,
        (error: unknown) => messageOf(error),
      )
      .then((error) => {
        if (error !== undefined && this.#artifactsError === undefined && this.#state === 'serving')
          this.log.warn({ error }, 'the server of model files is away');
        this.#artifactsError = error;
        if (this.#state === 'stopping' || this.#state === 'stopped') return;
        this.#artifactsWatch = setTimeout(() => this.#watchArtifacts(), ARTIFACTS_EVERY_MS).unref();
      });
  }

  /** Makes the tables: now in this process, as soon as it answers on a server. */
  async #prepareFeatures(): Promise<void> {
    if (this.config.clickhouse.url === undefined) await this.features.prepare();
    else this.#retry('ClickHouse schema', async () => await this.features.prepare());
  }

  /** The server that was configured, there or not, or one of our own with its schemas applied. */
  async #openPostgres(): Promise<pg.ClientConfig> {
    const { url, adminUrl } = this.config.postgres;
    if (url !== undefined) {
      if (adminUrl !== undefined)
        this.#retry('schemas', async () => void (await applySchemas({ connectionString: adminUrl })));
      return { connectionString: url };
    }
    this.#postgres = new EmbeddedPostgres(this.#folder.at('postgres'));
    await this.#postgres.start();
    await applySchemas(this.#postgres.connection);
    return this.#postgres.connection;
  }

  /** Does something beside the rest until it succeeds or the engine stops. */
  #retry(what: string, work: () => Promise<void>, delayMs = 500): void {
    work().catch((error: unknown) => {
      if (this.#state === 'stopping' || this.#state === 'stopped') return;
      this.log.warn({ what, error: messageOf(error) }, 'will be tried again');
      const timer = setTimeout(() => {
        this.#retries.delete(timer);
        this.#retry(what, work, Math.min(30_000, delayMs * 2));
      }, delayMs);
      this.#retries.add(timer);
    });
  }

  #startSinks(): void {
    const targets = sinkTargets({
      journal: this.journal,
      features: this.features,
      predictions: this.predictions,
      cache: this.cache,
      messaging: this.messaging,
      weaviate: this.#weaviate,
      identified: async (rows) => await this.#identified(rows),
      identity: (seriesId) => this.identity(seriesId),
    });
    for (const target of targets) this.#sinks.push(new Sink(this.journal, target, this.log));
    for (const sink of this.#sinks) sink.start();
  }

  /** Rows with whose they are: the series' owner's, and those of tenants that add indicators of their own. */
  async #identified(rows: readonly StoredRow[]): Promise<IdentifiedRow[]> {
    const bySeries = new Map<string, IdentifiedRow[]>();
    for (const row of rows) {
      const own = { series: this.identity(row.seriesId), row };
      const known = bySeries.get(row.seriesId);
      if (known === undefined) bySeries.set(row.seriesId, [own]);
      else known.push(own);
    }
    const identified: IdentifiedRow[] = [];
    for (const [seriesId, own] of bySeries) {
      const source = own[0]!.series;
      const followers = this.#groupOfSeries.get(seriesId)?.definition.signals ?? [];
      const tenants = followers.flatMap(({ tenantId, timeframe }) => {
        const extras = timeframe === source.timeframe ? this.#extras.get(tenantId) : undefined;
        return extras === undefined ? [] : [{ tenantId, extras }];
      });
      // The owner's rows carry the owner's indicators; a shared series' rows stay as they are for everyone.
      if (!tenants.some(({ tenantId }) => tenantId === source.tenantId)) identified.push(...own);
      for (const { tenantId, extras } of tenants)
        identified.push(...(await this.#extrasBook.rowsOf(tenantId, extras, source, own)));
    }
    return identified;
  }

  // Groups and actors.

  /** Identity of a series in the stores. */
  identity(seriesId: string): SeriesIdentity {
    const [feed = '', symbol = '', timeframe = ''] = seriesId.split('/');
    const [owner, name] = feed.includes('@') ? feed.split('@') : [PLATFORM, feed];
    return { tenantId: owner!, feed: name!, symbol, timeframe: timeframe as Timeframe };
  }

  /**
   * Makes sure that a feed and symbol are followed, with signals for a tenant on a timeframe. `owner` is
   * undefined for a shared feed. The base timeframe is fixed by the first call.
   */
  async follow(request: {
    readonly feed: string;
    readonly owner?: string | undefined;
    readonly symbol: string;
    readonly base: Timeframe;
    readonly tenantId: string;
    readonly timeframe: Timeframe;
  }): Promise<string> {
    const { owner, feed, symbol, base, tenantId, timeframe } = request;
    const key = `${owner === undefined ? feed : `${owner}@${feed}`}/${symbol}`;
    const before = this.#groups.get(key)?.definition ?? {
      feed,
      owner: owner ?? PLATFORM,
      symbol,
      base,
      longer: [],
      signals: [],
    };
    if (TIMEFRAMES.indexOf(timeframe) < TIMEFRAMES.indexOf(before.base)) {
      throw new SuhoError(
        'BAD_INPUT',
        `${symbol} of ${feed} comes as ${before.base} bars; ${timeframe} bars cannot be made from those.`,
      );
    }
    const longer =
      timeframe === before.base || before.longer.includes(timeframe)
        ? before.longer
        : [...before.longer, timeframe];
    const known = before.signals.some((s) => s.tenantId === tenantId && s.timeframe === timeframe);
    const signals = known ? before.signals : [...before.signals, { tenantId, timeframe }];
    if (known && longer === before.longer && this.#groups.has(key)) return key;
    const definition = { ...before, longer, signals };
    this.journal.putFact(`group:${key}`, definition);
    await this.#openGroup(key, definition);
    return key;
  }

  async #openGroup(key: string, definition: GroupDefinition): Promise<Group> {
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = {
        key,
        definition,
        lastBarTime: -Infinity,
        lastQuoteTime: -Infinity,
        lastBar: undefined,
        position: 0,
        sinceSnapshot: 0,
        recovering: false,
        rebuilt: false,
      };
      this.#groups.set(key, group);
    }
    group.definition = definition;
    for (const timeframe of [definition.base, ...definition.longer]) {
      const id = `${key}/${timeframe}`;
      this.#groupOfSeries.set(id, group);
      if (!this.#system.has(id)) this.#system.spawn(id, definition.owner, this.#makeSeries(id));
      if (timeframe === definition.base) continue;
      const { longer } = this.#topology(`${key}/${definition.base}`);
      if (!longer.includes(id)) longer.push(id);
    }
    for (const { tenantId, timeframe } of definition.signals) {
      const id = signalActorId(tenantId, `${key}/${timeframe}`);
      const { subscribers } = this.#topology(`${key}/${timeframe}`);
      if (subscribers.includes(id)) continue;
      subscribers.push(id);
      if (!this.#system.has(tenantActorId(tenantId))) {
        this.#system.spawn(tenantActorId(tenantId), tenantId, new TenantActor(tenantId));
      }
      this.#system.spawn(id, tenantId, this.#makeSignalActor(id));
    }
    return group;
  }

  #topology(seriesId: string): { longer: string[]; subscribers: string[] } {
    let topology = this.#topologies.get(seriesId);
    if (topology === undefined) {
      topology = { longer: [], subscribers: [] };
      this.#topologies.set(seriesId, topology);
    }
    return topology;
  }

  #makeSeries(id: string): SeriesActor {
    const { symbol, timeframe } = this.identity(id);
    const { basis } = this.config.bars;
    let kernels = this.#seriesKernels.get(timeframe);
    if (kernels === undefined) {
      kernels = new SeriesKernels(timeframe, basis);
      this.#seriesKernels.set(timeframe, kernels);
    }
    return new SeriesActor(id, symbol, kernels, this.#topology(id));
  }

  #makeSignalActor(id: string): SignalActor {
    const { tenantId, seriesId } = readSignalActorId(id);
    const { symbol, timeframe } = this.identity(seriesId);
    let kernels = this.#signalKernels.get(timeframe);
    if (kernels === undefined) {
      kernels = new SignalKernels(timeframe);
      this.#signalKernels.set(timeframe, kernels);
    }
    return new SignalActor({ id, tenantId, symbol, kernels, gates: this.#gatesOf(tenantId) });
  }

  #gatesOf(tenantId: string): Gates {
    return this.config.tenants.find(({ id }) => id === tenantId)?.gates ?? DEFAULT_GATES;
  }

  /** Ids of all actors of a group, its base series first. */
  #actorsOf({ key, definition }: Group): string[] {
    const series = [definition.base, ...definition.longer].map((timeframe) => `${key}/${timeframe}`);
    const signals = definition.signals.map(({ tenantId, timeframe }) =>
      signalActorId(tenantId, `${key}/${timeframe}`),
    );
    return [...series, ...signals];
  }

  // Recovery: the same path for a start and for an actor that failed.

  async #recover(groups: readonly Group[]): Promise<void> {
    if (groups.length === 0) return;
    let from = Infinity;
    for (const group of groups) {
      group.recovering = true;
      let position = this.#restoreGroup(group);
      if (position === undefined) {
        await this.#rebuild(group);
        position = 0;
      }
      group.position = position;
      from = Math.min(from, position);
      for (const id of this.#actorsOf(group)) {
        const actor = this.#system.actor(id);
        if (actor instanceof SeriesActor) this.#rowsKnown.set(id, this.journal.progress('row', id));
        if (actor instanceof SignalActor) {
          this.#conclusionsKnown.set(id, this.journal.lastConclusion(id));
          this.#outcomesKnown.set(id, this.journal.progress('outcome', id));
          if (actor.route !== undefined) await this.#useRoute(actor.tenantId, id, actor.route);
        }
      }
    }
    for (const [position, input] of this.journal.inputsAfter(from)) {
      const group = this.#groups.get(input.group);
      if (group === undefined || !group.recovering || position <= group.position) continue;
      if (input.kind === 'route')
        await this.#useRoute(readSignalActorId(input.target).tenantId, input.target, input.route);
      this.#deliver(group, input);
      group.position = position;
      await this.settled();
    }
    await this.settled();
    for (const group of groups) {
      group.recovering = false;
      group.rebuilt = false;
      const base = this.#system.actor(`${group.key}/${group.definition.base}`) as SeriesActor;
      if (base.bars > 0) group.lastBarTime = Math.max(group.lastBarTime, base.lastBarTime);
      if (base.lastInputTime > 0) group.lastQuoteTime = Math.max(group.lastQuoteTime, base.lastInputTime);
    }
  }

  /** Puts a group's actors back to its last snapshot; returns the position that is the state of, undefined when it was refused. */
  #restoreGroup(group: Group): number | undefined {
    const snapshot = this.journal.snapshot(group.key);
    if (snapshot === undefined) return 0;
    try {
      for (const id of this.#actorsOf(group)) {
        const actor = this.#system.actor(id);
        const bytes = snapshot.parts.get(id);
        if (bytes === undefined) continue;
        if (actor instanceof SeriesActor || actor instanceof SignalActor) actor.restore(bytes);
      }
      return snapshot.position;
    } catch (error) {
      this.log.warn(
        { group: group.key, error: messageOf(error) },
        'snapshot refused, rebuilding from stored bars and inputs',
      );
      this.#respawn(group);
      return undefined;
    }
  }

  /**
   * Makes a group's actors from the beginning: raw bars from the store as far as the journal no longer has
   * their inputs; the inputs it has come after.
   */
  async #rebuild(group: Group): Promise<void> {
    group.rebuilt = true;
    const { base } = group.definition;
    const baseId = `${group.key}/${base}`;
    const lengthMs = timeframeMs(base);
    let first = Infinity;
    for (const [, input] of this.journal.inputsAfter(0, group.key)) {
      if (input.kind === 'bars') first = unpackBars(input.numbers)[0]!.openTime;
      // The bar that holds the first quote may have begun with quotes that are gone.
      else if (input.kind === 'quotes')
        first = Math.ceil(unpackQuotes(input.numbers)[0]!.ts / lengthMs) * lengthMs;
      else continue;
      break;
    }
    for (let after = -Infinity; ;) {
      const page = await this.features.barsAfter(this.identity(baseId), after, REBUILD_PAGE);
      const missing = page.filter(({ openTime }) => openTime < first);
      for (const bar of missing) this.#system.tell(baseId, { kind: 'bar', bar });
      await this.settled();
      if (page.length === 0 || missing.length < page.length) return;
      after = page.at(-1)!.openTime;
    }
  }

  /**
   * An actor that threw stops, and its whole group comes back from its last snapshot with the inputs since:
   * the same path as a start. One that throws again on the way stays parked.
   */
  #restart(actorId: string, error: string): undefined {
    const seriesId = actorId.startsWith('signal:') ? readSignalActorId(actorId).seriesId : actorId;
    const group = this.#groupOfSeries.get(seriesId);
    if (group === undefined) return undefined;
    const letter = { actorId, position: group.position, error: error.slice(0, 2_000) };
    this.#deadLetters.push(letter);
    this.journal.appendDeadLetter(letter);
    if (group.recovering) return undefined;
    group.recovering = true;
    setImmediate(() => {
      this.#respawn(group);
      this.#recover([group]).catch((failure: unknown) => {
        this.log.error({ group: group.key, error: messageOf(failure) }, 'recovery failed');
      });
    });
    return undefined;
  }

  /** Replaces all actors of a group by ones without state. */
  #respawn(group: Group): void {
    for (const id of this.#actorsOf(group)) {
      this.#system.stop(id);
      const actor = id.startsWith('signal:') ? this.#makeSignalActor(id) : this.#makeSeries(id);
      this.#system.spawn(id, actor instanceof SignalActor ? actor.tenantId : group.definition.owner, actor);
    }
  }

  // Inputs.

  /** Takes closed bars of a group's base timeframe, oldest first. Throws `JOURNAL_FULL`, `STOPPING`. */
  ingestBars(groupKey: string, bars: readonly Bar[]): IngestResult {
    const group = this.#accepting(groupKey);
    const lengthMs = timeframeMs(group.definition.base);
    const accepted: Bar[] = [];
    const rejected: { index: number; reason: RejectReason }[] = [];
    let duplicates = 0;
    let late = 0;
    let last = group.lastBarTime;
    bars.forEach((bar, index) => {
      const reason = barDefect(bar, lengthMs);
      if (reason !== undefined) rejected.push({ index, reason });
      else if (bar.openTime > last) {
        accepted.push(bar);
        last = bar.openTime;
      } else if (bar.openTime === last) duplicates++;
      else late++;
    });
    const position =
      accepted.length > 0
        ? this.#input(group, { kind: 'bars', group: groupKey, numbers: packBars(accepted) })
        : 0;
    group.lastBarTime = last;
    this.#count({ bars: accepted.length, rejected: rejected.length, duplicates, late });
    return {
      accepted: accepted.length,
      duplicates,
      late,
      rejected,
      durable: this.journal.committed(position),
    };
  }

  /** Takes quotes of a group, oldest first; equal times are taken in the order they come. */
  ingestQuotes(groupKey: string, quotes: readonly Quote[]): IngestResult {
    const group = this.#accepting(groupKey);
    const accepted: Quote[] = [];
    const rejected: { index: number; reason: RejectReason }[] = [];
    let late = 0;
    let last = group.lastQuoteTime;
    quotes.forEach((quote, index) => {
      const reason = quoteDefect(quote);
      if (reason !== undefined) rejected.push({ index, reason });
      else if (quote.ts >= last) {
        accepted.push(quote);
        last = quote.ts;
      } else late++;
    });
    const position =
      accepted.length > 0
        ? this.#input(group, { kind: 'quotes', group: groupKey, numbers: packQuotes(accepted) })
        : 0;
    group.lastQuoteTime = last;
    this.#count({ quotes: accepted.length, rejected: rejected.length, late });
    return {
      accepted: accepted.length,
      duplicates: 0,
      late,
      rejected,
      durable: this.journal.committed(position),
    };
  }

  /**
   * Tells the groups of a feed what time it is, so that bars close although no quote comes. A bar that
   * ended more than `ageMsMax` ago is left alone: its quotes are history, and come when they come.
   */
  tick(feed: string, now: number, ageMsMax = Infinity): void {
    if (this.#state !== 'serving') return;
    for (const group of this.#groups.values()) {
      if (group.definition.feed !== feed || group.recovering || now - group.lastQuoteTime > ageMsMax)
        continue;
      const base = this.#system.actor(`${group.key}/${group.definition.base}`);
      const open = base instanceof SeriesActor ? base.openBarTime : undefined;
      if (open === undefined) continue;
      const end = open + timeframeMs(group.definition.base);
      if (now < end || now - end > ageMsMax) continue;
      // A quote of the closed bar would come too late now.
      group.lastQuoteTime = Math.max(group.lastQuoteTime, end);
      this.#input(group, { kind: 'clock', group: group.key, now });
    }
  }

  /** Open time of the last base bar of a group that was accepted; −Infinity before the first. */
  lastBarTime(groupKey: string): number {
    return this.#groups.get(groupKey)?.lastBarTime ?? -Infinity;
  }

  lastQuoteTime(groupKey: string): number {
    return this.#groups.get(groupKey)?.lastQuoteTime ?? -Infinity;
  }

  #accepting(groupKey: string): Group {
    if (this.#state !== 'serving') throw new SuhoError('STOPPING', 'The engine is stopping.');
    const group = this.#groups.get(groupKey);
    if (group === undefined) throw new SuhoError('NOT_FOUND', `${groupKey} is not followed.`);
    if (group.recovering)
      throw new SuhoError('OVERLOADED', `${groupKey} is being recovered; send again in a moment.`);
    return group;
  }

  #count(counts: Partial<InputCounts>): void {
    for (const [name, n] of Object.entries(counts)) this.#counts[name as keyof InputCounts] += n;
  }

  #input(group: Group, record: InputRecord): number {
    const position = this.journal.appendInput(record);
    group.position = position;
    this.#deliver(group, record);
    group.sinceSnapshot += record.kind === 'bars' || record.kind === 'quotes' ? record.numbers.length / 5 : 1;
    if (group.sinceSnapshot >= SNAPSHOT_EVERY) this.#requestSnapshot(group);
    return position;
  }

  #deliver(group: Group, input: InputRecord): void {
    const base = `${group.key}/${group.definition.base}`;
    // A group that was rebuilt from stored bars may have some of a retained input behind it.
    const known = group.rebuilt ? this.lastClosedBar(base) : NaN;
    switch (input.kind) {
      case 'bars':
        for (const bar of unpackBars(input.numbers))
          if (!(bar.openTime <= known)) this.#system.tell(base, { kind: 'bar', bar });
        return;
      case 'quotes': {
        const end = known + timeframeMs(group.definition.base);
        for (const quote of unpackQuotes(input.numbers))
          if (!(quote.ts < end)) this.#system.tell(base, { kind: 'quote', quote });
        return;
      }
      case 'clock':
        this.#system.tell(base, { kind: 'clock', now: input.now });
        return;
      case 'route':
        this.#system.tell(base, { kind: 'route', target: input.target, route: input.route });
    }
  }

  // Snapshots.

  #requestSnapshot(group: Group): number {
    group.sinceSnapshot = 0;
    const epoch = ++this.#epoch;
    const waiting = new Set(this.#actorsOf(group).filter((id) => !this.#system.isParked(id)));
    this.#snapshots.set(epoch, { group, position: group.position, waiting, parts: new Map() });
    this.#system.tell(`${group.key}/${group.definition.base}`, { kind: 'barrier', epoch });
    return epoch;
  }

  #takeSnapshot(actorId: string, epoch: number, bytes: Uint8Array): void {
    const collection = this.#snapshots.get(epoch);
    if (collection === undefined) return;
    collection.parts.set(actorId, bytes);
    collection.waiting.delete(actorId);
    if (collection.waiting.size > 0) return;
    this.#snapshots.delete(epoch);
    this.journal.putSnapshot(collection.group.key, collection.position, collection.parts);
  }

  // Effects.

  #effect(effect: Effect): void {
    switch (effect.kind) {
      case 'row':
        this.#rowsOutstanding += this.#topology(effect.row.seriesId).subscribers.length;
        if (effect.row.closeTime <= (this.#rowsKnown.get(effect.row.seriesId) ?? 0)) return;
        this.#counts.rows++;
        this.journal.appendRow(effect.row);
        this.#inferAhead(effect.row);
        if (this.#state === 'serving')
          this.#skew.see(effect.row, this.identity(effect.row.seriesId), this.features);
        return;
      case 'evidence_request':
        this.#evidencePending++;
        void this.#gather(effect.actorId, effect.tenantId, effect.route, effect.row);
        return;
      case 'signal':
        this.#rowsOutstanding--;
        this.#concluded(effect.actorId, effect.signal.barCloseTime, {
          kind: 'signal',
          signal: effect.signal,
        });
        return;
      case 'withheld':
        this.#rowsOutstanding--;
        this.#withheld[effect.reason] = (this.#withheld[effect.reason] ?? 0) + 1;
        if (effect.reason !== 'model_deadline' && effect.reason !== 'model_error') return;
        this.#concluded(effect.actorId, effect.closeTime, { kind: 'withheld', reason: effect.reason });
        return;
      case 'outcome':
        if (effect.label.resolvedAt <= (this.#outcomesKnown.get(effect.actorId) ?? 0)) return;
        this.journal.appendOutcome(effect.actorId, effect.tenantId, effect.predictionId, effect.label);
        return;
      case 'pattern_outcome':
        void this.#patterns.resolve(effect.tenantId, effect.symbol, effect.timeframe, effect.label);
        return;
      case 'snapshot':
        this.#takeSnapshot(effect.actorId, effect.epoch, effect.bytes);
    }
  }

  readonly #evidenceInUse = new Map<string, Evidence>();

  #concluded(actorId: string, closeTime: number, result: ConclusionRecord['result']): void {
    const evidence = this.#evidenceInUse.get(actorId);
    this.#evidenceInUse.delete(actorId);
    if (closeTime <= (this.#conclusionsKnown.get(actorId) ?? 0) || evidence === undefined) return;
    const sequence = this.journal.appendConclusion({ actorId, closeTime, evidence, result });
    if (sequence === undefined || result.kind !== 'signal') return;
    this.#counts.signals++;
    this.#unpublished.push({ sequence, signal: result.signal });
  }

  /** Hands out what became durable: a signal is seen by a client only after it would survive a crash. */
  #publish(through: number): void {
    const ready = this.#unpublished;
    if (ready.length === 0) return;
    this.#unpublished = [];
    for (const published of ready) {
      if (published.sequence <= through) this.#onSignal(published);
      else this.#unpublished.push(published);
    }
  }

  // Evidence.

  async #gather(actorId: string, tenantId: string, route: Route, row: FeatureRow): Promise<void> {
    let evidence: Evidence;
    try {
      const known =
        row.closeTime <= (this.#conclusionsKnown.get(actorId) ?? 0)
          ? this.journal.conclusion(actorId, row.closeTime)?.evidence
          : undefined;
      evidence = known ?? (await this.#ask(tenantId, route, row));
    } catch (error) {
      this.log.error({ actorId, error: messageOf(error) }, 'evidence failed');
      evidence = {
        closeTime: row.closeTime,
        model: undefined,
        modelFailure: error instanceof SuhoError && error.code === 'DEADLINE' ? 'deadline' : 'error',
        patterns: undefined,
        patternFailure: undefined,
        timing: { queueMs: 0, inferenceMs: 0, patternsMs: 0 },
      };
    }
    this.#evidenceInUse.set(actorId, evidence);
    this.#latency.onEvidence?.(evidence);
    this.#evidencePending--;
    this.#system.tell(actorId, { kind: 'evidence', evidence });
  }

  /**
   * Starts the inference of a new row before its signal actors ask for it, so that the rows of a burst run as
   * batches although each actor takes one row after the other.
   */
  #inferAhead(row: FeatureRow): void {
    if (row.bars < WARM_UP_BARS) return;
    for (const id of this.#topology(row.seriesId).subscribers) {
      const actor = this.#system.actor(id);
      if (!(actor instanceof SignalActor) || actor.route?.featureSetVersion !== FEATURE_SET_VERSION) continue;
      const { route, tenantId } = actor;
      const key = inferenceKey(route, row);
      const deadline = this.#waitForEvidence
        ? Infinity
        : performance.now() + this.config.inference.deadlineMs;
      // The second tenant of a model gets the run of the first.
      const promise = this.inference.infer(this.#pair(route), key, row.model, deadline, tenantId);
      const ahead = this.#ahead.get(key);
      if (ahead !== undefined) {
        ahead.uses++;
        continue;
      }
      // Who asks for it hears of a failure.
      promise.catch(() => undefined);
      // One whose actor took up another model in between is never asked for.
      if (this.#ahead.size >= AHEAD_MAX) this.#ahead.delete(this.#ahead.keys().next().value!);
      this.#ahead.set(key, { promise, uses: 1 });
    }
  }

  /** The inference of a row, begun already or now. */
  #infer(tenantId: string, route: Route, row: FeatureRow, deadline: number): Promise<Inference> {
    const key = inferenceKey(route, row);
    const ahead = this.#ahead.get(key);
    if (ahead === undefined)
      return this.inference.infer(this.#pair(route), key, row.model, deadline, tenantId);
    ahead.uses--;
    if (ahead.uses === 0) this.#ahead.delete(key);
    return ahead.promise;
  }

  async #ask(tenantId: string, route: Route, row: FeatureRow): Promise<Evidence> {
    const start = performance.now();
    const deadline = this.#waitForEvidence ? Infinity : start + this.config.inference.deadlineMs;
    const inference = await this.#within(deadline, this.#infer(tenantId, route, row, deadline));
    const inferred = performance.now();
    const model: ModelEvidence = {
      modelId: route.modelId,
      version: route.version,
      arm: route.arm,
      probabilities: inference.probabilities,
      returns: inference.returns,
      anomaly: inference.reconstructionError / route.anomalyScale,
    };
    const partition = this.#partition(tenantId, row.symbol, row.timeframe, route.embeddingVersion);
    this.#patterns.note(partition, row.closeTime, {
      vector: inference.embedding,
      conditions: conditionsOf(row.values),
      anomaly: model.anomaly,
    });
    const found = await this.#similar(partition, inference.embedding, row.closeTime, deadline);
    return {
      closeTime: row.closeTime,
      model,
      modelFailure: undefined,
      ...found,
      timing: { queueMs: 0, inferenceMs: inferred - start, patternsMs: performance.now() - inferred },
    };
  }

  async #similar(
    partition: PartitionKey,
    vector: Float32Array,
    asOf: number,
    deadline: number,
  ): Promise<Pick<Evidence, 'patterns' | 'patternFailure'>> {
    try {
      const lookup = this.#index.search(partition, { vector, k: this.config.patterns.neighbours, asOf });
      const neighbours = lookup instanceof Promise ? await this.#within(deadline, lookup) : lookup;
      if (neighbours.length === 0) return { patterns: undefined, patternFailure: 'none_yet' };
      const patterns: PatternEvidence = vote(partition.embeddingVersion, neighbours);
      return { patterns, patternFailure: undefined };
    } catch (error) {
      const late = error instanceof SuhoError && error.code === 'DEADLINE';
      return { patterns: undefined, patternFailure: late ? 'deadline' : 'error' };
    }
  }

  /** Waits for a promise until a deadline (a time of `performance.now()`); throws `DEADLINE` past it. */
  async #within<T>(deadline: number, work: Promise<T>): Promise<T> {
    if (deadline === Infinity) return await work;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new SuhoError('DEADLINE', 'The answer did not come before its deadline.')),
        Math.max(0, deadline - performance.now()),
      );
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #pair(route: Route): ModelPair {
    const name = `${route.modelId}/${route.encoderId}`;
    let pair = this.#pairs.get(name);
    if (pair === undefined) {
      pair = {
        predictor: { path: this.artifacts.path(route.modelId), sha256: route.modelId },
        encoder: { path: this.artifacts.path(route.encoderId), sha256: route.encoderId },
      };
      this.#pairs.set(name, pair);
    }
    return pair;
  }

  #partition(tenantId: string, symbol: string, timeframe: Timeframe, embeddingVersion: string): PartitionKey {
    const name = `${tenantId}|${symbol}|${timeframe}|${embeddingVersion}`;
    let key = this.#partitionOf.get(name);
    if (key === undefined) {
      key = { tenantId, symbol, timeframe, embeddingVersion };
      this.#partitionOf.set(name, key);
    }
    return key;
  }

  async #useRoute(tenantId: string, actorId: string, route: Route): Promise<void> {
    const identity = this.identity(readSignalActorId(actorId).seriesId);
    const { symbol, timeframe } = identity;
    const place: ArtifactPlace = {
      tenantId: identity.tenantId,
      model: modelName(identity),
      version: route.version,
    };
    // Until its files are here a model answers with an error; the rest of the engine does not wait for them.
    for (const sha256 of [route.modelId, route.encoderId])
      this.#retry(`model file ${sha256}`, async () => await this.artifacts.fetch(place, sha256));
    await this.#patterns.use(this.#partition(tenantId, symbol, timeframe, route.embeddingVersion));
  }

  /** Bars a series has taken since its beginning. */
  barsOf(seriesId: string): number {
    const actor = this.#system.actor(seriesId);
    return actor instanceof SeriesActor ? actor.bars : 0;
  }

  /** Open time of a series' last closed bar, NaN before the first. */
  lastClosedBar(seriesId: string): number {
    const actor = this.#system.actor(seriesId);
    return actor instanceof SeriesActor ? actor.lastBarTime : NaN;
  }

  // Learning.

  /** Models of a series that signals are made with now, by tenant. */
  route(tenantId: string, seriesId: string): Route | undefined {
    const actor = this.#system.actor(signalActorId(tenantId, seriesId));
    return actor instanceof SignalActor ? actor.route : undefined;
  }

  /**
   * Trains models for a series on what the feature store holds of it up to `through` (a close time),
   * registers them, and lets every tenant of the series use them from the next bar on. Throws `BAD_INPUT`
   * when there are too few bars.
   */
  async train(
    seriesId: string,
    through: number,
    onProgress?: (done: number, total: number, stage: string) => void,
  ): Promise<{ readonly record: ModelRecord; readonly result: TrainingResult }> {
    await this.#sinks.find(({ name }) => name === 'features')!.caughtUp();
    const identity = this.identity(seriesId);
    const { rowsMax, folds, seed } = this.config.training;
    const bars = await this.features.bars(identity, through, rowsMax + 400);
    const models = await this.registry.list(identity);
    const earlier = models.filter(({ trainedThrough }) => trainedThrough < through);
    const kept = earlier.findLast(({ featureSetVersion }) => featureSetVersion === FEATURE_SET_VERSION);
    const place = { ...identity, model: modelName(identity) };
    const encoder =
      kept === undefined
        ? undefined
        : await fileIfSound(this.artifacts, { ...place, version: kept.version }, kept.encoderId);
    const result = await this.#training.train(
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
    const form = { ...MODEL_FORM, featureSetVersion: FEATURE_SET_VERSION };
    const version = nextVersion(form, parent);
    const place: ArtifactPlace = { tenantId: identity.tenantId, model: modelName(identity), version };
    const predictor = await this.artifacts.put(place, result.predictor);
    const encoder = await this.artifacts.put(place, result.encoder);
    const { batchInvariant } = await this.inference.check({
      predictor: { path: this.artifacts.path(predictor.sha256), sha256: predictor.sha256 },
      encoder: { path: this.artifacts.path(encoder.sha256), sha256: encoder.sha256 },
    });
    const record: ModelRecord = {
      ...form,
      modelId: predictor.sha256,
      encoderId: encoder.sha256,
      artifactUri: predictor.uri,
      encoderUri: encoder.uri,
      version,
      parentVersion: parent?.version,
      ...identity,
      embeddingVersion: result.embeddingVersion,
      anomalyScale: result.anomalyScale,
      primaryHorizon: result.primaryHorizon,
      edge: result.edge,
      scores: result.scores,
      trainedFrom: result.trainedFrom,
      trainedThrough: result.trainedThrough,
      rows: result.rows,
      batchInvariant,
    };
    await this.registry.register(record);
    await this.registry.promote(record);
    return record;
  }

  /** Fills the pattern index with what is known of the past, then sends the route the way the bars go. */
  async #activate(seriesId: string, record: ModelRecord, result: TrainingResult): Promise<void> {
    const group = this.#groupOfSeries.get(seriesId);
    if (group === undefined) return;
    const { timeframe, symbol } = this.identity(seriesId);
    const route: Route = {
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
    const { history } = result;
    for (const signal of group.definition.signals) {
      if (signal.timeframe !== timeframe) continue;
      const target = signalActorId(signal.tenantId, seriesId);
      const partition = this.#partition(signal.tenantId, symbol, timeframe, route.embeddingVersion);
      await this.#patterns.use(partition);
      if (this.#patterns.isEmpty(partition)) await this.#fillPatterns(seriesId, partition, history);
      this.#input(group, { kind: 'route', group: group.key, target, route });
    }
    await this.journal.flushed();
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
    const conditions = await this.features.columns(
      this.identity(seriesId),
      CONDITIONS,
      closeTimes[0]!,
      closeTimes[count - 1]!,
    );
    await this.#patterns.addKnown(
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

  // Signals out.

  /** Sets who gets the signals as they become durable. */
  onSignal(listener: (published: PublishedSignal) => void): void {
    this.#onSignal = listener;
  }

  /** The newest signal of a tenant's series in the journal, from any feed. */
  latestSignal(tenantId: string, symbol: string, timeframe: Timeframe): PublishedSignal | undefined {
    let latest: PublishedSignal | undefined;
    for (const { key, definition } of this.#groups.values()) {
      if (definition.symbol !== symbol) continue;
      const actorId = signalActorId(tenantId, `${key}/${timeframe}`);
      const found = this.journal.latestSignal(actorId);
      if (found !== undefined && found.sequence > (latest?.sequence ?? 0)) latest = found;
    }
    return latest;
  }

  onEvidence(listener: (evidence: Evidence) => void): void {
    this.#latency.onEvidence = listener;
  }

  // State of the whole.

  get state(): 'starting' | 'serving' | 'stopping' | 'stopped' {
    return this.#state;
  }

  counts(): EngineCounts {
    return {
      ...this.#counts,
      trades: this.feedback.taken,
      withheld: { ...this.#withheld },
      deadLetters: this.#deadLetters.length,
      skew: this.#skew.counts(),
    };
  }

  systemCounts(): SystemCounts {
    return this.#system.counts();
  }

  sinkStatus(): readonly ReturnType<Sink['status']>[] {
    return this.#sinks.map((sink) => sink.status());
  }

  /** What the engine takes from elsewhere, where that is configured, and how it is: input, model files. */
  sourceStatus(): readonly { readonly name: string; readonly error: string | undefined }[] {
    return [
      ...(this.messaging === undefined ? [] : [{ name: 'nats', error: this.messaging.error }]),
      ...(this.config.artifacts.uri === undefined ? [] : [{ name: 's3', error: this.#artifactsError }]),
    ];
  }

  /** Tallies of a tenant: signals by direction, reasons for none. */
  tenantCounts(tenantId: string): Readonly<Record<string, number>> {
    const actor = this.#system.actor(tenantActorId(tenantId));
    return actor instanceof TenantActor ? actor.counts : {};
  }

  /** Bytes of all actors' states by id, for tests and for the curious. */
  snapshotStates(): Map<string, Uint8Array> {
    const states = new Map<string, Uint8Array>();
    for (const id of this.#system.ids()) {
      const actor = this.#system.actor(id);
      if (actor instanceof SeriesActor || actor instanceof SignalActor) states.set(id, actor.snapshot());
    }
    return states;
  }

  /** Groups that are followed, with the series and signals of each. */
  groups(): readonly GroupDefinition[] {
    return [...this.#groups.values()].map(({ definition }) => definition);
  }

  /** Waits while the actors have more queued than they should. */
  async backlog(): Promise<void> {
    while (this.#system.counts().queued + this.#rowsOutstanding > BACKLOG_MAX && !this.#isSettled())
      await new Promise((resolve) => setImmediate(resolve));
  }

  /** Settles when no actor has work and no evidence is awaited. */
  async settled(): Promise<void> {
    if (this.#isSettled()) return;
    await new Promise<void>((resolve) => this.#settleWaiters.push(resolve));
  }

  /** Settles when the stores hold all that the journal does. */
  async stored(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.caughtUp()));
  }

  #isSettled(): boolean {
    return this.#system.idle && this.#evidencePending === 0;
  }

  #checkSettled(): void {
    if (!this.#isSettled()) return;
    this.#rowsOutstanding = 0;
    if (this.#settleWaiters.length === 0) return;
    const waiters = this.#settleWaiters;
    this.#settleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  /** Drains: takes no more input, lets the actors finish, snapshots them, and closes everything. Idempotent. */
  async stop(): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return;
    const graceful = this.#state === 'serving';
    this.#state = 'stopping';
    if (graceful) {
      await this.settled();
      for (const group of this.#groups.values()) if (group.sinceSnapshot > 0) this.#requestSnapshot(group);
      await this.settled();
      await this.journal.flushed();
    }
    await this.#skew.stop();
    await Promise.all(this.#sinks.map((sink) => sink.stop()));
    await this.keys?.stop();
    this.cache?.close();
    await this.messaging?.stop();
    await Promise.all([this.inference.close(), this.#training.close()]);
    clearTimeout(this.#retention);
    clearTimeout(this.#artifactsWatch);
    for (const timer of this.#retries) clearTimeout(timer);
    await Promise.all([this.predictions?.close(), this.registry?.close(), this.features?.close()]);
    this.artifacts.close();
    await this.#postgres?.stop();
    await this.journal.close();
    this.#folder.release();
    this.#state = 'stopped';
  }
}

function openArtifacts(folder: string, { uri, ...settings }: Config['artifacts']): ArtifactStore {
  const local = new FolderArtifactStore(folder);
  return uri === undefined ? local : new S3ArtifactStore(local, { uri, ...settings });
}

/** Name of one row's run through one pair of models: tenants that share both share it. */
function inferenceKey(route: Route, row: FeatureRow): string {
  return `${route.modelId}/${route.encoderId}/${row.seriesId}/${row.closeTime}`;
}

/** Id of a tenant's signal actor for a series. */
function signalActorId(tenantId: string, seriesId: string): string {
  return `signal:${tenantId}:${seriesId}`;
}

function readSignalActorId(id: string): { readonly tenantId: string; readonly seriesId: string } {
  const [, tenantId = '', ...rest] = id.split(':');
  return { tenantId, seriesId: rest.join(':') };
}
