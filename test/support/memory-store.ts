import { pack, unpack } from 'msgpackr';
import { compareKeys } from 'ordered-binary';
import BTree from 'sorted-btree';
import type { Key, KeyRange, LogStore, Table } from '../../engine/journal/log-store.js';

/** Bytes an entry takes beside its value. */
const ENTRY_BYTES = 32;

/** A journal's tables in memory. Keys sort and values are encoded as in LMDB, and a transaction that throws leaves nothing. */
export class MemoryStore implements LogStore {
  readonly #tables = new Map<string, MemoryTable>();
  /** What undoes the transaction under way, newest last; undefined outside one. */
  #undo: (() => void)[] | undefined;

  table<V, K extends Key>(name: string, encoding?: 'binary'): Table<V, K> {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new MemoryTable(encoding === 'binary', (undo) => this.#note(undo));
      this.#tables.set(name, table);
    }
    return table as unknown as Table<V, K>;
  }

  #note(undo: () => void): void {
    if (this.#undo === undefined) throw new Error('A table is written to inside a transaction only.');
    this.#undo.push(undo);
  }

  async transaction(write: () => void): Promise<void> {
    const undo: (() => void)[] = [];
    this.#undo = undo;
    try {
      write();
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  bytes(): number {
    let bytes = 0;
    for (const table of this.#tables.values()) bytes += table.bytes;
    return bytes;
  }

  async close(): Promise<void> {}
}

class MemoryTable implements Table<unknown, Key> {
  bytes = 0;
  readonly #binary: boolean;
  readonly #note: (undo: () => void) => void;
  readonly #tree = new BTree.default<Key, Uint8Array>(undefined, (a, b) =>
    compareKeys(a as string, b as string),
  );

  constructor(binary: boolean, note: (undo: () => void) => void) {
    this.#binary = binary;
    this.#note = note;
  }

  get(key: Key): unknown {
    const held = this.#tree.get(key);
    return held === undefined ? undefined : this.#decode(held);
  }

  put(key: Key, value: unknown): void {
    this.#set(key, this.#binary ? (value as Uint8Array).slice() : pack(value).slice());
  }

  remove(key: Key): void {
    this.#set(key, undefined);
  }

  #set(key: Key, value: Uint8Array | undefined): void {
    const before = this.#tree.get(key);
    this.#note(() => this.#write(key, before));
    this.#write(key, value);
  }

  #write(key: Key, value: Uint8Array | undefined): void {
    this.bytes -= sizeOf(this.#tree.get(key));
    this.bytes += sizeOf(value);
    if (value === undefined) this.#tree.delete(key);
    else this.#tree.set(key, value);
  }

  #decode(value: Uint8Array): unknown {
    return this.#binary ? value.slice() : unpack(value);
  }

  *entries(range?: KeyRange): Generator<{ readonly key: Key; readonly value: unknown }> {
    for (const [key, value] of this.#pairs(range)) yield { key, value: this.#decode(value) };
  }

  *keys(range?: KeyRange): Generator<Key> {
    for (const [key] of this.#pairs(range)) yield key;
  }

  /** Steps from key to key, so that what is written meanwhile does not disturb it. */
  *#pairs({ start, end, reverse = false, limit = Infinity }: KeyRange = {}): Generator<[Key, Uint8Array]> {
    let pair = this.#first(start, reverse);
    for (let count = 0; pair !== undefined && count < limit; count++) {
      const order = end === undefined ? -1 : compareKeys(pair[0] as string, end as string);
      if (reverse ? order <= 0 && end !== undefined : order >= 0) return;
      yield pair;
      pair = reverse ? this.#tree.nextLowerPair(pair[0]) : this.#tree.nextHigherPair(pair[0]);
    }
  }

  #first(start: Key | undefined, reverse: boolean): [Key, Uint8Array] | undefined {
    if (start === undefined)
      return reverse ? this.#tree.nextLowerPair(undefined) : this.#tree.nextHigherPair(undefined);
    return reverse ? this.#tree.getPairOrNextLower(start) : this.#tree.getPairOrNextHigher(start);
  }
}

function sizeOf(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : value.length + ENTRY_BYTES;
}
