import { Calendars } from '../../engine/calendars.js';
import { pino } from 'pino';
import type { Effect, Message } from '../../actors/messages.js';
import type { Actor } from '../../actors/runtime/actor.js';
import { DEFAULT_GATES } from '../../actors/signals/gates.js';
import { armsOf } from '../../actors/signals/route-plan.js';
import { EvidenceGatherer } from '../../engine/evidence/evidence-gatherer.js';
import type { IdentifiedRow } from '../../engine/feature-store/feature-store.js';
import { Feedback } from '../../engine/feedback/feedback.js';
import { readSignalActorId, seriesIdentity } from '../../engine/instruments/ids.js';
import { Instruments } from '../../engine/instruments/instruments.js';
import { Intake } from '../../engine/intake/intake.js';
import { Pressure } from '../../engine/intake/pressure.js';
import { Journal } from '../../engine/journal/journal.js';
import { Retention } from '../../engine/journal/retention.js';
import { Random } from '../../engine/learning/random.js';
import { PatternRecorder } from '../../engine/patterns/pattern-recorder.js';
import { UsearchPatternIndex } from '../../engine/patterns/usearch-pattern-index.js';
import { Publication } from '../../engine/publication/publication.js';
import { SignalHub } from '../../engine/publication/signal-hub.js';
import { featureTarget } from '../../engine/sinks/feature-target.js';
import { predictionTarget } from '../../engine/sinks/prediction-target.js';
import { Sink } from '../../engine/sinks/sink.js';
import { MemoryStore, type MemoryDisk, type Tap } from './memory-store.js';
import { SimulatedModels } from './models.js';
import {
  SimulatedFeatureStore,
  SimulatedPredictionStore,
  type FeatureContents,
  type PredictionContents,
  type StoreState,
} from './stores.js';
import { ProcessClock, type VirtualTime } from './virtual-time.js';

/** Silent unless one looks for a cause. */
const CALENDARS = new Calendars();
const LOG = pino({ level: process.env['SUHO_SIMULATION_LOG'] ?? 'silent' });

/** What outlives an engine's process. */
export interface Outside {
  readonly disk: MemoryDisk;
  readonly features: FeatureContents;
  readonly predictions: PredictionContents;
  readonly featureState: StoreState;
  readonly predictionState: StoreState;
  readonly tap: Tap;
  readonly bytesMax: number;
  /** Told of what must not happen and throws nothing. */
  readonly onTrouble: (what: string) => void;
  /** Stands around actors: some of them throw. */
  readonly around: (id: string, actor: Actor<Message, Effect>) => Actor<Message, Effect>;
}

/** The real rooms in one simulated process. */
export class SimulatedEngine {
  readonly clock: ProcessClock;
  readonly journal: Journal;
  readonly instruments: Instruments;
  readonly intake: Intake;
  readonly evidence: EvidenceGatherer;
  readonly publication: Publication;
  readonly feedback: Feedback;
  readonly hub: SignalHub;
  readonly sinks: readonly Sink[];
  readonly #retention: Retention;

  constructor(time: VirtualTime, outside: Outside, seed: number) {
    const clock = new ProcessClock(time);
    const random = new Random(seed);
    const draw = (): number => random.next();
    const latency = { commitMs: () => 0.3 + draw() * 2, answerMs: () => draw() };
    const journal = new Journal(
      new MemoryStore(outside.disk, clock, latency, outside.tap),
      outside.bytesMax,
      clock,
    );
    const features = new SimulatedFeatureStore(outside.features, outside.featureState, clock);
    const predictions = new SimulatedPredictionStore(outside.predictions, outside.predictionState, clock);
    const index = new UsearchPatternIndex();
    const recorder = new PatternRecorder(journal, index, 100);
    this.clock = clock;
    this.journal = journal;
    this.publication = new Publication(journal, clock);
    this.evidence = new EvidenceGatherer({
      clock,
      inference: new SimulatedModels(clock, random),
      index,
      recorder,
      pairOf: async ({ modelId, encoderId }) =>
        await Promise.resolve({
          predictor: { path: '', sha256: modelId },
          encoder: { path: '', sha256: encoderId },
        }),
      routeOf: (actorId) => this.instruments.graph.signal(actorId)?.route,
      gatesOf: () => DEFAULT_GATES,
      deadlineMs: 150,
      neighbours: 8,
      patient: false,
      onError: () => undefined,
    });
    this.instruments = this.#instrumentsOn(outside, features, recorder, draw);
    this.intake = new Intake({
      instruments: this.instruments,
      calendars: CALENDARS,
      journal,
      clock,
      storedBars: async (series, after, limit) => await features.barsAfter(series, after, limit),
      quoteBase: '5m',
      pressure: new Pressure({
        work: this.instruments.workload,
        clock,
        targetMs: 75,
        waitMsMax: 5_000,
        weightOf: () => 1,
      }),
    });
    this.feedback = new Feedback(journal, predictions, recorder, () => clock.now());
    this.#retention = new Retention(journal, clock, {
      isUsed: (partition) => recorder.isUsed(partition),
      fold: () => this.instruments.fold(),
      onError: (error) => {
        // A disk that is full ends the process; nothing can be purged in its last moments.
        if (!outside.disk.isFull) outside.onTrouble(error);
      },
      onShed: (rows) => outside.onTrouble(`${rows} rows with open labels were dropped`),
    });
    const identified = async (rows: readonly IdentifiedRow['row'][]): Promise<IdentifiedRow[]> =>
      await Promise.resolve(rows.map((row) => ({ series: seriesIdentity(row.seriesId), row })));
    const parts = { journal, clock, log: LOG, random: draw };
    this.sinks = [
      new Sink(parts, featureTarget(journal, features, identified)) as unknown as Sink,
      new Sink(parts, predictionTarget(journal, predictions)) as unknown as Sink,
    ];
    this.hub = new SignalHub(encodeSequence, (turn) => clock.setImmediate(turn));
    this.publication.onSignal((published) => this.hub.publish(published));
  }

  #instrumentsOn(
    outside: Outside,
    features: SimulatedFeatureStore,
    recorder: PatternRecorder,
    random: () => number,
  ): Instruments {
    return new Instruments({
      journal: this.journal,
      calendars: CALENDARS,
      clock: this.clock,
      log: LOG,
      random,
      actors: { basis: 'bid', gatesOf: () => DEFAULT_GATES, around: outside.around },
      ports: {
        evidence: this.evidence.ports,
        conclude: (conclusion) => this.publication.conclude(conclusion),
        onRow: () => undefined,
      },
      storedBars: async (series, after, limit) => await features.barsAfter(series, after, limit),
      useRoute: async (actorId, route) => {
        const { tenantId, seriesId } = readSignalActorId(actorId);
        const { symbol, timeframe } = seriesIdentity(seriesId);
        for (const { embeddingVersion } of armsOf(route))
          await recorder.use(this.evidence.partition(tenantId, symbol, timeframe, embeddingVersion));
      },
      limitsOf: () => ({ instruments: 50, series: 100 }),
    });
  }

  async start(): Promise<void> {
    for (const sink of this.sinks) sink.start();
    await this.instruments.open();
    this.#retention.start();
    this.intake.open();
  }

  /** As the engine's own stop: drains, folds, flushes the sinks. */
  async stop(): Promise<void> {
    this.intake.close();
    this.#retention.stop();
    this.instruments.stop();
    await this.instruments.foldAll();
    await Promise.all(this.sinks.map(async (sink) => await sink.stop(5_000)));
    await this.journal.close();
    this.clock.kill();
  }
}

/** An update as the simulated clients read it: its sequence number. */
export function encodeSequence({ sequence }: { readonly sequence: number }): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(sequence);
  return bytes;
}
