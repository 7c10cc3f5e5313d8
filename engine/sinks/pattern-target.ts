import type { Journal } from '../journal/journal.js';
import type { LoggedPattern } from '../journal/moments.js';
import { readPartitionName } from '../patterns/pattern-index.js';
import type { WeaviatePatternIndex } from '../patterns/weaviate-pattern-index.js';
import type { SinkTarget } from './sink.js';

/**
 * Moments to Weaviate. It lingers: inserts one by one cost it as much as the lookups of the signals beside them (their
 * 99th percentile was 57 ms so and is 37).
 */
export function patternTarget(
  journal: Journal,
  weaviate: Pick<WeaviatePatternIndex, 'addLogged'>,
): SinkTarget<LoggedPattern> {
  return {
    name: 'patterns',
    topic: 'patterns',
    batch: 1_000,
    read: async (offset, limit) => await journal.moments.after(offset, limit),
    write: async (patterns) => await weaviate.addLogged(patterns),
    describe: ({ partition, closeTime }) => ({
      key: `${partition}|${closeTime}`,
      tenantId: readPartitionName(partition).tenantId,
    }),
  };
}
