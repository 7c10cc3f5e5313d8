import type { Neighbour } from '../../actors/signals/pattern-vote.js';

/** Where a pattern belongs: vectors of different partitions are never compared. */
export interface PartitionKey {
  readonly tenantId: string;
  readonly embeddingVersion: string;
  readonly symbol: string;
  readonly timeframe: string;
}

/** A moment whose outcome is known over every horizon. */
export interface Pattern {
  readonly closeTime: number;
  /** When its outcome became known; it may be found by queries at or after this time only. */
  readonly resolvedAt: number;
  readonly vector: Float32Array;
  readonly directions: readonly number[];
  readonly returns: readonly number[];
}

export interface PatternQuery {
  readonly vector: Float32Array;
  /** Neighbours wanted, most similar first. */
  readonly k: number;
  /** Symbols whose moments are searched too, of the same tenant, embedding and timeframe. */
  readonly related?: readonly string[];
  /** Time of the query: patterns whose outcome was not known then are excluded. */
  readonly asOf: number;
}

/**
 * Finds similar moments by cosine similarity, of one tenant, embedding version and timeframe only; of other symbols only
 * where a query names them.
 */
export interface PatternIndex {
  /** Adds patterns in the order their outcomes became known; an existing one (same partition and close time) is kept. */
  add(partition: PartitionKey, patterns: readonly Pattern[]): void | Promise<void>;
  /** Forgets the `count` patterns that were added first; where the index keeps its size itself it has no need of this. */
  dropOldest?(partition: PartitionKey, count: number): void;
  search(partition: PartitionKey, query: PatternQuery): Neighbour[] | Promise<Neighbour[]>;
  size(partition: PartitionKey): number | Promise<number>;
  close(): void | Promise<void>;
}

/** Name of a partition in logs and as a key. */
export function partitionName(key: PartitionKey): string {
  return `${key.tenantId}|${key.embeddingVersion}|${key.symbol}|${key.timeframe}`;
}

/** Id of a moment: SYMBOL/TIMEFRAME/CLOSE TIME. */
export function momentId({ symbol, timeframe }: PartitionKey, closeTime: number): string {
  return `${symbol}/${timeframe}/${closeTime}`;
}

/** The symbol and the close time of a moment's id; the inverse of {@link momentId}. */
export function readMomentId(id: string): { readonly symbol: string; readonly closeTime: number } {
  const parts = id.split('/');
  return { symbol: parts.slice(0, -2).join('/'), closeTime: Number(parts.at(-1)) };
}

/** The partition of a name; the inverse of {@link partitionName}. */
export function readPartitionName(name: string): PartitionKey {
  const [tenantId = '', embeddingVersion = '', symbol = '', timeframe = ''] = name.split('|');
  return { tenantId, embeddingVersion, symbol, timeframe };
}
