import type { Clock } from '../clock.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { PartitionKey } from '../patterns/pattern-index.js';
import type { RelationStore } from './relation-store.js';
import type { MarketRelation } from './relations.js';

export interface RelatedMarketsParts {
  readonly store: Pick<RelationStore, 'asOf'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Related markets of one market at most. */
  readonly max: number;
  /** How long the newest relations pass for the newest before the store is asked again, in milliseconds; 0: never. */
  readonly rememberMs: number;
  /** Told of each question: relations of a tenant's markets as of a moment, and the moment of those there were. */
  readonly onAsked?: (tenantId: string, timeframe: string, asOf: number, knownAt: number) => void;
}

interface Known {
  /** Moment of the snapshot; −Infinity where there was none. */
  readonly at: number;
  /** Moment up to which there was no newer one. */
  readonly through: number;
  readonly readAt: number;
  readonly related: ReadonlyMap<string, readonly string[]>;
}

/**
 * Which markets are related to one, as it was known at a moment: by the newest relations kept up to then, the tenant's own
 * before the platform's.
 */
export class RelatedMarkets {
  readonly #parts: RelatedMarketsParts;
  readonly #known = new Map<string, Known>();

  constructor(parts: RelatedMarketsParts) {
    this.#parts = parts;
  }

  /** Symbols related to the one of a partition, the strongest relation first. Throws `STORE_UNAVAILABLE`. */
  async of({ tenantId, symbol, timeframe }: PartitionKey, asOf: number): Promise<readonly string[]> {
    const { max, onAsked } = this.#parts;
    const known = await this.#asOf(tenantId, timeframe, asOf);
    onAsked?.(tenantId, timeframe, asOf, known.at);
    return (known.related.get(symbol) ?? []).slice(0, max);
  }

  async #asOf(tenantId: string, timeframe: string, asOf: number): Promise<Known> {
    const { store, clock, rememberMs } = this.#parts;
    const key = `${tenantId}|${timeframe}`;
    const last = this.#known.get(key);
    const now = clock.monotonic();
    if (last !== undefined && asOf >= last.at && (asOf <= last.through || now - last.readAt < rememberMs))
      return last;
    const snapshot =
      (await store.asOf(tenantId, timeframe, asOf)) ?? (await store.asOf(PLATFORM, timeframe, asOf));
    const known: Known = {
      at: snapshot?.at ?? -Infinity,
      through: asOf,
      readAt: now,
      related: bySymbol(snapshot?.relations ?? []),
    };
    this.#known.set(key, known);
    return known;
  }
}

/** The other ends of each symbol's relations, of whichever sign and lag, the strongest first. */
function bySymbol(relations: readonly MarketRelation[]): Map<string, readonly string[]> {
  const strongest = relations.toSorted((a, b) => Math.abs(b.shrunk) - Math.abs(a.shrunk));
  const related = new Map<string, string[]>();
  for (const { from, to } of strongest)
    for (const [symbol, other] of [
      [from, to],
      [to, from],
    ] as const) {
      const others = related.get(symbol) ?? [];
      if (!others.includes(other)) related.set(symbol, [...others, other]);
    }
  return related;
}
