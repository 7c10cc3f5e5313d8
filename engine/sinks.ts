import type { Cache } from './cache/cache.js';
import type { FeatureStore, IdentifiedRow, SeriesIdentity } from './feature-store/feature-store.js';
import type { Journal, LoggedPattern } from './journal/journal.js';
import type { PredictionEvent, StoredRow } from './journal/records.js';
import type { SinkEntry, SinkTarget } from './journal/sink.js';
import type { NatsMessaging } from './messaging/nats.js';
import { readPartitionName } from './patterns/pattern-index.js';
import type { WeaviatePatternIndex } from './patterns/weaviate-pattern-index.js';
import type { PredictionStore } from './prediction-store/prediction-store.js';

/** What the sinks read from and write to; those that are not configured are undefined. */
export interface SinkEnds {
  readonly journal: Journal;
  readonly features: FeatureStore;
  readonly predictions: PredictionStore;
  readonly cache: Cache | undefined;
  readonly messaging: NatsMessaging | undefined;
  readonly weaviate: WeaviatePatternIndex | undefined;
  /** Rows with whose they are in the feature store. */
  readonly identified: (rows: readonly StoredRow[]) => Promise<IdentifiedRow[]>;
  readonly identity: (seriesId: string) => SeriesIdentity;
}

type SignalEvent = Extract<PredictionEvent, { readonly kind: 'signal' }>;
type Description = ReturnType<SinkTarget['describe']>;

/** Entries that a sink reads at once at most: what its store takes well in one piece, and the engine can spare. */
const BATCH = { features: 10_000, predictions: 4_000, cache: 4_000, patterns: 1_000, nats: 1_000 } as const;

/** Every reader of the journal that a configuration asks for. Writing a batch again changes nothing in any store. */
export function sinkTargets(ends: SinkEnds): SinkTarget[] {
  const { cache, messaging, weaviate } = ends;
  const targets: SinkTarget[] = [featureTarget(ends), predictionTarget(ends)];
  if (cache !== undefined) targets.push(cachedSignalTarget(ends, cache), cachedRowTarget(ends, cache));
  if (weaviate !== undefined) targets.push(patternTarget(ends, weaviate));
  if (messaging !== undefined) targets.push(natsTarget(ends, messaging));
  return targets;
}

function featureTarget(ends: SinkEnds): SinkTarget<StoredRow> {
  return {
    name: 'features',
    topic: 'rows',
    batch: BATCH.features,
    read: async (from, limit) => await readRows(ends.journal, from, limit),
    write: async (rows) => await ends.features.write(await ends.identified(rows)),
    describe: (row) => describeRow(ends, row),
  };
}

function predictionTarget({ journal, predictions }: SinkEnds): SinkTarget<PredictionEvent> {
  return {
    name: 'predictions',
    topic: 'predictions',
    batch: BATCH.predictions,
    read: async (from, limit) => await readEvents(journal, from, limit, isAny),
    write: async (events) => await predictions.write(events),
    describe: describeEvent,
  };
}

function cachedSignalTarget({ journal }: SinkEnds, cache: Cache): SinkTarget<SignalEvent> {
  return {
    name: 'cache-signals',
    topic: 'predictions',
    batch: BATCH.cache,
    prompt: true,
    read: async (from, limit) => await readEvents(journal, from, limit, isSignal),
    write: async (signals) => await cache.putSignals(signals),
    describe: describeEvent,
  };
}

function cachedRowTarget(ends: SinkEnds, cache: Cache): SinkTarget<StoredRow> {
  return {
    name: 'cache-features',
    topic: 'rows',
    batch: BATCH.cache,
    prompt: true,
    read: async (from, limit) => await readRows(ends.journal, from, limit),
    write: async (rows) =>
      await cache.putRows(rows.map((row) => ({ series: ends.identity(row.seriesId), row }))),
    describe: (row) => describeRow(ends, row),
  };
}

/**
 * Not prompt: inserts one by one cost Weaviate as much as the lookups of the signals beside them (their 99th percentile
 * was 57 ms so and is 37).
 */
function patternTarget({ journal }: SinkEnds, weaviate: WeaviatePatternIndex): SinkTarget<LoggedPattern> {
  return {
    name: 'patterns',
    topic: 'patterns',
    batch: BATCH.patterns,
    read: async (from, limit) => {
      const { patterns, positions, offset, count } = journal.patternsAfter(from, limit);
      return { entries: entriesOf(patterns, positions), offset, count };
    },
    write: async (patterns) => await weaviate.addLogged(patterns),
    describe: ({ partition, closeTime, pattern }) => ({
      key: `${partition}|${closeTime}`,
      tenantId: readPartitionName(partition).tenantId,
      text: JSON.stringify(pattern.conditions),
    }),
  };
}

function natsTarget({ journal }: SinkEnds, messaging: NatsMessaging): SinkTarget<SignalEvent> {
  return {
    name: 'nats',
    topic: 'predictions',
    batch: BATCH.nats,
    fromNow: true,
    prompt: true,
    read: async (from, limit) => await readEvents(journal, from, limit, isSignal),
    write: async (signals) => await messaging.publishSignals(signals),
    describe: describeEvent,
  };
}

type Page<R> = Awaited<ReturnType<SinkTarget<R>['read']>>;

function entriesOf<R>(records: readonly R[], positions: readonly number[]): SinkEntry<R>[] {
  return records.map((record, i) => ({ record, position: positions[i]! }));
}

async function readRows(journal: Journal, from: number, limit: number): Promise<Page<StoredRow>> {
  const { rows, positions, offset, count } = await journal.rowsAfter(from, limit);
  return { entries: entriesOf(rows, positions), offset, count };
}

async function readEvents<E extends PredictionEvent>(
  journal: Journal,
  from: number,
  limit: number,
  wanted: (event: PredictionEvent) => event is E,
): Promise<Page<E>> {
  const { events, positions, offset, count } = await journal.predictionsAfter(from, limit);
  const entries = entriesOf(events, positions);
  return {
    entries: entries.filter((entry): entry is SinkEntry<E> => wanted(entry.record)),
    offset,
    count,
  };
}

function isAny(_event: PredictionEvent): _event is PredictionEvent {
  return true;
}

function isSignal(event: PredictionEvent): event is SignalEvent {
  return event.kind === 'signal';
}

function describeRow(ends: SinkEnds, { seriesId, closeTime, bar }: StoredRow): Description {
  const { tenantId } = ends.identity(seriesId);
  return { key: `${seriesId}|${closeTime}`, tenantId, text: JSON.stringify(bar) };
}

function describeEvent(event: PredictionEvent): Description {
  switch (event.kind) {
    case 'signal':
      return {
        key: event.signal.predictionId,
        tenantId: event.signal.tenantId,
        text: JSON.stringify(event.signal),
      };
    case 'outcome':
      return { key: event.predictionId, tenantId: event.tenantId, text: JSON.stringify(event.label) };
    case 'trade':
      return { key: event.trade.tradeId, tenantId: event.trade.tenantId, text: JSON.stringify(event.trade) };
  }
}
