import usearch from 'usearch';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Neighbour } from '../../actors/signals/pattern-vote.js';
import { EMBEDDING } from '../inference/slab.js';
import {
  momentId,
  partitionName,
  type PartitionKey,
  type Pattern,
  type PatternIndex,
  type PatternQuery,
} from './pattern-index.js';
import { VectorStore } from './vector-store.js';

/**
 * Below this a partition is searched exactly: 20,000 vectors take about as long as adding and searching one in the
 * graph, and the answer does not depend on the order or the speed of anything.
 */
const EXACT_MAX = 32_768;
const OVERFETCH = 4;

/**
 * Vectors and outcomes of one partition, in the order their outcomes became known. Vectors are kept at length 1,
 * so the inner product is the cosine, at three fifths of its price.
 */
class Partition {
  readonly key: PartitionKey;
  readonly #vectors = new VectorStore();
  #closeTimes = new Float64Array(64);
  #resolvedAt = new Float64Array(64);
  #directions = new Int8Array(64 * HORIZONS.length);
  #returns = new Float64Array(64 * HORIZONS.length);
  readonly #known = new Set<number>();
  #graph: InstanceType<typeof usearch.Index> | undefined;
  /** Patterns dropped so far: the graph's keys count from the first that ever was. */
  #dropped = 0;

  constructor(key: PartitionKey) {
    this.key = key;
  }

  get size(): number {
    return this.#vectors.size;
  }

  add(pattern: Pattern): void {
    if (this.#known.has(pattern.closeTime)) return;
    if (this.size > 0 && pattern.resolvedAt < this.#resolvedAt[this.size - 1]!) {
      throw new Error(
        `Patterns of ${partitionName(this.key)} must come in the order their outcomes became known.`,
      );
    }
    this.#known.add(pattern.closeTime);
    if (this.size === this.#closeTimes.length) this.#grow();
    const n = this.size;
    this.#vectors.push(normalised(pattern.vector));
    this.#closeTimes[n] = pattern.closeTime;
    this.#resolvedAt[n] = pattern.resolvedAt;
    this.#directions.set(pattern.directions, n * HORIZONS.length);
    this.#returns.set(pattern.returns, n * HORIZONS.length);
    if (this.#graph !== undefined) this.#addToGraph(n);
    else if (this.size > EXACT_MAX) this.#buildGraph();
  }

  /** Forgets the first patterns; those after move up. */
  dropOldest(count: number): void {
    for (let n = 0; n < count; n++) {
      this.#known.delete(this.#closeTimes[n]!);
      this.#graph?.remove(BigInt(this.#dropped + n));
    }
    const horizons = HORIZONS.length;
    this.#closeTimes.copyWithin(0, count, this.size);
    this.#resolvedAt.copyWithin(0, count, this.size);
    this.#directions.copyWithin(0, count * horizons, this.size * horizons);
    this.#returns.copyWithin(0, count * horizons, this.size * horizons);
    this.#vectors.dropOldest(count);
    this.#dropped += count;
  }

  search({ vector, k, asOf }: PatternQuery): Neighbour[] {
    const visible = this.#visible(asOf);
    if (visible === 0) return [];
    const query = normalised(vector);
    const graph = visible <= EXACT_MAX ? undefined : this.#graph;
    if (graph === undefined) {
      const { places, products } = this.#vectors.nearest(query, k, visible);
      return this.#neighbours(places, products);
    }
    const { keys, distances } = graph.search(query, k * OVERFETCH, 1);
    const places = new Int32Array(k);
    const similarities = new Float64Array(k);
    let found = 0;
    for (let i = 0; i < keys.length && found < k; i++) {
      const n = Number(keys[i]) - this.#dropped;
      if (n >= visible) continue;
      places[found] = n;
      similarities[found++] = 1 - distances[i]!;
    }
    return this.#neighbours(places.subarray(0, found), similarities.subarray(0, found));
  }

  /** Number of patterns whose outcome was known at `asOf`: they are the first ones. */
  #visible(asOf: number): number {
    if (this.size === 0 || this.#resolvedAt[this.size - 1]! <= asOf) return this.size;
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#resolvedAt[middle]! <= asOf) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Patterns at some places, as they are now: those after the oldest move up when these are dropped. */
  #neighbours(places: Int32Array, similarities: Float64Array): Neighbour[] {
    const horizons = HORIZONS.length;
    const closeTimes = new Float64Array(places.length);
    const directions = new Int8Array(places.length * horizons);
    const returns = new Float64Array(places.length * horizons);
    const found = { key: this.key, closeTimes, similarities, directions, returns };
    const neighbours: Neighbour[] = [];
    for (let i = 0; i < places.length; i++) {
      const n = places[i]!;
      closeTimes[i] = this.#closeTimes[n]!;
      similarities[i] = cosine(similarities[i]!);
      for (let horizon = 0; horizon < horizons; horizon++) {
        directions[i * horizons + horizon] = this.#directions[n * horizons + horizon]!;
        returns[i * horizons + horizon] = this.#returns[n * horizons + horizon]!;
      }
      neighbours.push(new FoundNeighbour(found, i));
    }
    return neighbours;
  }

  close(): void {
    this.#vectors.close();
  }

  #addToGraph(n: number): void {
    this.#graph!.add(BigInt(this.#dropped + n), this.#vectors.at(n), 1);
  }

  /** One thread, in order: the same patterns always give the same graph. */
  #buildGraph(): void {
    this.#graph = new usearch.Index({
      dimensions: EMBEDDING,
      metric: usearch.MetricKind.IP,
      quantization: usearch.ScalarKind.F32,
      connectivity: 16,
      expansion_add: 64,
      expansion_search: 64,
      multi: false,
    });
    for (let n = 0; n < this.size; n++) this.#addToGraph(n);
  }

  #grow(): void {
    const capacity = this.#closeTimes.length * 2;
    this.#closeTimes = grown(this.#closeTimes, new Float64Array(capacity));
    this.#resolvedAt = grown(this.#resolvedAt, new Float64Array(capacity));
    this.#directions = grown(this.#directions, new Int8Array(capacity * HORIZONS.length));
    this.#returns = grown(this.#returns, new Float64Array(capacity * HORIZONS.length));
  }
}

/** What was found, nearest first. */
interface Found {
  readonly key: PartitionKey;
  readonly closeTimes: Float64Array;
  readonly similarities: Float64Array;
  /** One a neighbour and horizon. */
  readonly directions: Int8Array;
  readonly returns: Float64Array;
}

/** A neighbour whose numbers lie with those of the others found: most are never looked at. */
class FoundNeighbour implements Neighbour {
  readonly #found: Found;
  readonly #at: number;
  #directions: readonly number[] | undefined;
  #returns: readonly number[] | undefined;

  constructor(found: Found, at: number) {
    this.#found = found;
    this.#at = at;
  }

  get id(): string {
    return momentId(this.#found.key, this.closeTime);
  }

  get symbol(): string {
    return this.#found.key.symbol;
  }

  get closeTime(): number {
    return this.#found.closeTimes[this.#at]!;
  }

  get similarity(): number {
    return this.#found.similarities[this.#at]!;
  }

  get directions(): readonly number[] {
    return (this.#directions ??= outcomes(this.#found.directions, this.#at));
  }

  get returns(): readonly number[] {
    return (this.#returns ??= outcomes(this.#found.returns, this.#at));
  }
}

/** Numbers of the neighbour at a place, one a horizon. */
function outcomes(all: Int8Array | Float64Array, place: number): readonly number[] {
  const first = place * HORIZONS.length;
  return HORIZONS.map((_, horizon) => all[first + horizon]!);
}

/** Rounding lets the product of two vectors of length 1 exceed 1 a little. */
function cosine(product: number): number {
  return Math.max(-1, Math.min(1, product));
}

function grown<T extends Float64Array | Int8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function normalised(vector: Float32Array): Float32Array {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i]! * vector[i]!;
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
  const scaled = new Float32Array(vector.length);
  for (let i = 0; i < vector.length; i++) scaled[i] = vector[i]! * scale;
  return scaled;
}

/**
 * The embedded pattern index: one partition for each tenant, embedding version, symbol and timeframe, held
 * in memory and filled from the journal at start. Exact up to 32,768 patterns, a usearch HNSW graph beyond.
 */
export class UsearchPatternIndex implements PatternIndex {
  readonly #partitions = new Map<string, Partition>();

  add(key: PartitionKey, patterns: readonly Pattern[]): void {
    const name = partitionName(key);
    let partition = this.#partitions.get(name);
    if (partition === undefined) {
      partition = new Partition(key);
      this.#partitions.set(name, partition);
    }
    for (const pattern of patterns) partition.add(pattern);
  }

  dropOldest(key: PartitionKey, count: number): void {
    this.#partitions.get(partitionName(key))?.dropOldest(count);
  }

  search(key: PartitionKey, query: PatternQuery): Neighbour[] {
    const of = (symbol: string): Neighbour[] =>
      this.#partitions.get(partitionName({ ...key, symbol }))?.search(query) ?? [];
    const { related = [] } = query;
    if (related.length === 0) return of(key.symbol);
    const found = [key.symbol, ...related].flatMap(of);
    return found.sort((a, b) => b.similarity - a.similarity).slice(0, query.k);
  }

  size(key: PartitionKey): number {
    return this.#partitions.get(partitionName(key))?.size ?? 0;
  }

  close(): void {
    for (const partition of this.#partitions.values()) partition.close();
    this.#partitions.clear();
  }
}
