import { compareKeys } from 'ordered-binary';
import sortedTree from 'sorted-btree';
import {
  messagePack,
  type Codec,
  type Key,
  type KeyRange,
  type LogStore,
  type Table,
} from '../../engine/journal/log-store.js';
import type { ProcessClock } from './virtual-time.js';

// The package is CommonJS: its class is the default of its default.
const BTree = sortedTree.default;

type Tree = InstanceType<typeof sortedTree.default<Key, Buffer>>;

/** Told of every value that becomes durable, in order. */
export type Tap = (table: string, key: Key, value: unknown) => void;

/** What of a journal survives its process. */
export class MemoryDisk {
  readonly tables = new Map<string, Tree>();
  bytes = 0;
  isFull = false;
  /** Transactions that became durable. */
  commits = 0;

  /** Overwrites a value behind the journal's back. */
  damage(table: string, key: Key, bytes: Buffer): void {
    const tree = this.tables.get(table)!;
    this.bytes += bytes.length - (tree.get(key)?.length ?? 0);
    tree.set(key, bytes);
  }
}

/** Time until a transaction is durable, and from then until its process hears of it. */
export interface Latency {
  readonly commitMs: () => number;
  readonly answerMs: () => number;
}

/** A journal's tables in memory: the durable transactions of one process on a disk that outlives it. */
export class MemoryStore implements LogStore {
  readonly #disk: MemoryDisk;
  readonly #clock: Pick<ProcessClock, 'after'>;
  readonly #latency: Latency;
  readonly #tap: Tap;
  #undo: (() => void)[] = [];
  #committed: (() => void)[] = [];

  constructor(disk: MemoryDisk, clock: Pick<ProcessClock, 'after'>, latency: Latency, tap: Tap) {
    this.#disk = disk;
    this.#clock = clock;
    this.#latency = latency;
    this.#tap = tap;
  }

  table<V, K extends Key>(name: string, codec: Codec<V> = messagePack()): Table<V, K> {
    let tree = this.#disk.tables.get(name);
    if (tree === undefined) {
      tree = new BTree<Key, Buffer>(undefined, (a, b) => compareKeys(a as never, b as never));
      this.#disk.tables.set(name, tree);
    }
    const put = (key: K, value: V): void => {
      const bytes = Buffer.from(codec.encode(value));
      this.#write(tree, key, bytes);
      this.#committed.push(() => this.#tap(name, key, codec.decode(bytes)));
    };
    return new MemoryTable<V, K>(tree, codec, put, (key) => this.#write(tree, key, undefined));
  }

  async transaction(write: () => void): Promise<void> {
    await this.#clock.after(this.#latency.commitMs());
    this.#undo = [];
    this.#committed = [];
    try {
      if (this.#disk.isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      write();
    } catch (error) {
      for (const step of this.#undo.toReversed()) step();
      throw error;
    }
    this.#disk.commits++;
    for (const step of this.#committed) step();
    await this.#clock.after(this.#latency.answerMs());
  }

  bytes(): number {
    return this.#disk.bytes;
  }

  async compact(): Promise<void> {
    await Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #write(tree: Tree, key: Key, bytes: Buffer | undefined): void {
    const before = tree.get(key);
    const size = (bytes?.length ?? 0) - (before?.length ?? 0);
    this.#disk.bytes += size;
    if (bytes === undefined) tree.delete(key);
    else tree.set(key, bytes);
    this.#undo.push(() => {
      this.#disk.bytes -= size;
      if (before === undefined) tree.delete(key);
      else tree.set(key, before);
    });
  }
}

class MemoryTable<V, K extends Key> implements Table<V, K> {
  readonly #tree: Tree;
  readonly #codec: Codec<V>;
  readonly put: (key: K, value: V) => void;
  readonly remove: (key: K) => void;

  constructor(tree: Tree, codec: Codec<V>, put: (key: K, value: V) => void, remove: (key: K) => void) {
    this.#tree = tree;
    this.#codec = codec;
    this.put = put;
    this.remove = remove;
  }

  get(key: K): V | undefined {
    const bytes = this.#tree.get(key);
    return bytes === undefined ? undefined : this.#codec.decode(bytes);
  }

  has(key: K): boolean {
    return this.#tree.has(key);
  }

  *entries(range: KeyRange = {}): Generator<{ readonly key: K; readonly value: V }> {
    for (const key of this.keys(range)) yield { key, value: this.#codec.decode(this.#tree.get(key)!) };
  }

  *keys({ start, end, reverse = false, limit = Infinity }: KeyRange = {}): Generator<K> {
    let left = limit;
    const entries = reverse ? this.#tree.entriesReversed(start) : this.#tree.entries(start);
    for (const [key] of entries) {
      if (left-- <= 0) return;
      if (end !== undefined) {
        const order = compareKeys(key as never, end as never);
        if (reverse ? order <= 0 : order >= 0) return;
      }
      yield key as K;
    }
  }
}
