import type { Cache } from './cache/cache.js';
import type { FeatureStore, IdentifiedRow, SeriesIdentity } from './feature-store/feature-store.js';
import type { Journal } from './journal/journal.js';
import type { StoredRow } from './journal/records.js';
import type { SinkTarget } from './journal/sink.js';
import type { NatsMessaging } from './messaging/nats.js';
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

/** Entries that a sink reads at once at most: what its store takes well in one piece, and the engine can spare. */
const BATCH = { features: 10_000, predictions: 4_000, cache: 4_000, patterns: 1_000, nats: 1_000 } as const;

/** Every reader of the journal that a configuration asks for. Each writes a batch again without harm. */
export function sinkTargets(ends: SinkEnds): SinkTarget[] {
  const { journal, features, predictions, cache, messaging, weaviate } = ends;
  const targets: SinkTarget[] = [
    {
      name: 'features',
      topic: 'rows',
      batch: BATCH.features,
      write: async (from, limit) => {
        const { rows, offset, count } = await journal.rowsAfter(from, limit);
        if (count > 0) await features.write(await ends.identified(rows));
        return { offset, count };
      },
    },
    {
      name: 'predictions',
      topic: 'predictions',
      batch: BATCH.predictions,
      write: async (from, limit) => {
        const { events, offset, count } = await journal.predictionsAfter(from, limit);
        if (events.length > 0) await predictions.write(events);
        return { offset, count };
      },
    },
  ];
  if (cache !== undefined) {
    targets.push(
      {
        name: 'cache-signals',
        topic: 'predictions',
        batch: BATCH.cache,
        prompt: true,
        write: async (from, limit) => {
          const { events, offset, count } = await journal.predictionsAfter(from, limit);
          await cache.putSignals(events.filter((event) => event.kind === 'signal'));
          return { offset, count };
        },
      },
      {
        name: 'cache-features',
        topic: 'rows',
        batch: BATCH.cache,
        prompt: true,
        write: async (from, limit) => {
          const { rows, offset, count } = await journal.rowsAfter(from, limit);
          await cache.putRows(rows.map((row) => ({ series: ends.identity(row.seriesId), row })));
          return { offset, count };
        },
      },
    );
  }
  if (weaviate !== undefined) {
    targets.push({
      name: 'patterns',
      topic: 'patterns',
      batch: BATCH.patterns,
      // Not at once: inserts one by one cost Weaviate as much as the lookups of the signals beside them (their 99th
      // percentile was 57 ms so and is 37).
      write: async (from, limit) => {
        const { patterns, offset, count } = journal.patternsAfter(from, limit);
        if (patterns.length > 0) await weaviate.addLogged(patterns);
        return { offset, count };
      },
    });
  }
  if (messaging !== undefined) {
    targets.push({
      name: 'nats',
      topic: 'predictions',
      batch: BATCH.nats,
      fromNow: true,
      prompt: true,
      write: async (from, limit) => {
        const { events, offset, count } = await journal.predictionsAfter(from, limit);
        await messaging.publishSignals(events.filter((event) => event.kind === 'signal'));
        return { offset, count };
      },
    });
  }
  return targets;
}
