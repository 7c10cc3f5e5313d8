import type { Key, KeyRange } from './log-store.js';

/** A key of a table and its bytes; null where it was removed. */
export interface Entry {
  readonly key: Key;
  readonly value: Uint8Array | null;
}

/** Bytes an entry takes beside its value. */
const ENTRY_BYTES = 64;

type Part = number | string;
type Pair = readonly [Part, Part];

/** Order of what keys are made of, as LMDB has it: numbers before text. */
function orderOfParts(a: Part, b: Part): number {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === 'number' ? -1 : 1;
}

/** Order of the keys of a table, which are of one kind. */
function orderOf(a: Key, b: Key): number {
  if (typeof a === 'object' && typeof b === 'object')
    return orderOfParts(a[0], b[0]) || orderOfParts(a[1], b[1]);
  return orderOfParts(a as Part, b as Part);
}

type Value = Uint8Array | null;

/** Writes to one table, of each key the newest. Bytes are those of its values and what an entry takes beside. */
interface TableWrites<K> {
  readonly size: number;
  get(key: K): Value | undefined;
  /** Puts a value; returns by how much the bytes of all entries change. */
  put(key: K, value: Value): number;
  /** Takes over newer writes to the same table; returns as {@link put}. */
  absorb(newer: TableWrites<K>): number;
  /** The next key at or after `from`, after it where it is `exclusive`; with `reverse` downwards. */
  next(from: K | undefined, exclusive: boolean, reverse: boolean): K | undefined;
  /** All, in no certain order. */
  entries(): Iterable<readonly [K, Value]>;
}

/** Values by key, found by hashing, in order only when somebody asks: most are never read in order. */
class Sorted<V> implements Iterable<[Part, V]> {
  readonly #values = new Map<Part, V>();
  readonly #keys: Part[] = [];
  #isSorted = true;

  get size(): number {
    return this.#keys.length;
  }

  get(key: Part): V | undefined {
    return this.#values.get(key);
  }

  /** Puts a value; whether its key is new. */
  set(key: Part, value: V): boolean {
    const before = this.#keys.length;
    this.#values.set(key, value);
    if (this.#values.size === before) return false;
    // Nearly always a key follows those before it: a place in a log, the time of a bar.
    if (before > 0 && this.#isSorted) this.#isSorted = orderOfParts(this.#keys[before - 1]!, key) < 0;
    this.#keys.push(key);
    return true;
  }

  /** As {@link TableWrites.next}. */
  next(from: Part | undefined, exclusive: boolean, reverse: boolean): Part | undefined {
    if (!this.#isSorted) {
      this.#keys.sort(orderOfParts);
      this.#isSorted = true;
    }
    if (from === undefined) return reverse ? this.#keys.at(-1) : this.#keys[0];
    let low = 0;
    let high = this.#keys.length;
    // The first key that is not before `from`, or that is after it.
    const isAfter = reverse ? !exclusive : exclusive;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = orderOfParts(this.#keys[middle]!, from);
      if (order < 0 || (isAfter && order === 0)) low = middle + 1;
      else high = middle;
    }
    return this.#keys[reverse ? low - 1 : low];
  }

  [Symbol.iterator](): IterableIterator<[Part, V]> {
    return this.#values.entries();
  }
}

/** Writes to a table whose keys are single. */
class SingleWrites implements TableWrites<Part> {
  readonly #values = new Sorted<Value>();

  get size(): number {
    return this.#values.size;
  }

  get(key: Part): Value | undefined {
    return this.#values.get(key);
  }

  put(key: Part, value: Value): number {
    const before = this.#values.get(key);
    const isNew = this.#values.set(key, value);
    return lengthOf(value) + (isNew ? ENTRY_BYTES : -lengthOf(before));
  }

  next(from: Part | undefined, exclusive: boolean, reverse: boolean): Part | undefined {
    return this.#values.next(from, exclusive, reverse);
  }

  absorb(newer: TableWrites<Part>): number {
    let bytes = 0;
    for (const [key, value] of newer.entries()) bytes += this.put(key, value);
    return bytes;
  }

  entries(): Iterable<readonly [Part, Value]> {
    return this.#values;
  }
}

function lengthOf(value: Value | undefined): number {
  return value?.length ?? 0;
}

/** Writes to a table whose keys are pairs, together by the first of a pair. */
class PairWrites implements TableWrites<Pair> {
  readonly #groups = new Sorted<SingleWrites>();
  size = 0;

  get(key: Pair): Value | undefined {
    return this.#groups.get(key[0])?.get(key[1]);
  }

  put(key: Pair, value: Value): number {
    const group = this.#group(key[0]);
    const before = group.size;
    const bytes = group.put(key[1], value);
    this.size += group.size - before;
    return bytes;
  }

  next(from: Pair | undefined, exclusive: boolean, reverse: boolean): Pair | undefined {
    if (from !== undefined) {
      const second = this.#groups.get(from[0])?.next(from[1], exclusive, reverse);
      if (second !== undefined) return [from[0], second];
    }
    const first = this.#groups.next(from?.[0], true, reverse);
    if (first === undefined) return undefined;
    return [first, this.#groups.get(first)!.next(undefined, false, reverse)!];
  }

  absorb(newer: PairWrites): number {
    let bytes = 0;
    for (const [first, writes] of newer.#groups) {
      const group = this.#group(first);
      const before = group.size;
      bytes += group.absorb(writes);
      this.size += group.size - before;
    }
    return bytes;
  }

  #group(first: Part): SingleWrites {
    let group = this.#groups.get(first);
    if (group === undefined) this.#groups.set(first, (group = new SingleWrites()));
    return group;
  }

  *entries(): Generator<readonly [Pair, Value]> {
    for (const [first, group] of this.#groups)
      for (const [second, value] of group.entries()) yield [[first, second], value];
  }
}

/** Writes in memory that lie over a table on disk: of each key the newest value, or that it was removed. */
export class Overlay {
  readonly #tables = new Map<string, TableWrites<Key>>();
  #bytes = 0;

  /** Bytes its entries take. */
  get bytes(): number {
    return this.#bytes;
  }

  put(table: string, key: Key, value: Uint8Array | null): void {
    this.#bytes += this.#writes(table, typeof key === 'object').put(key, value);
  }

  /** Bytes of a key, null where it was removed, undefined where nothing was written. */
  get(table: string, key: Key): Uint8Array | null | undefined {
    return this.#tables.get(table)?.get(key);
  }

  /** How many keys of a table were written. */
  size(table: string): number {
    return this.#tables.get(table)?.size ?? 0;
  }

  /** Takes over the writes of a newer overlay. */
  absorb(newer: Overlay): void {
    for (const [table, writes] of newer.#tables)
      this.#bytes += this.#writes(table, writes instanceof PairWrites).absorb(writes);
  }

  /** Writes to a table, which are made the first time. */
  #writes(table: string, isOfPairs: boolean): TableWrites<Key> {
    let writes = this.#tables.get(table);
    if (writes === undefined) {
      writes = (isOfPairs ? new PairWrites() : new SingleWrites()) as TableWrites<Key>;
      this.#tables.set(table, writes);
    }
    return writes;
  }

  /** All writes, in no certain order. */
  *writes(): Generator<{ readonly table: string } & Entry> {
    for (const [table, writes] of this.#tables)
      for (const [key, value] of writes.entries()) yield { table, key, value };
  }

  /** Entries of a range in order, removed ones too. Each is looked for anew, so that writes between them do no harm. */
  *entries(table: string, { start, end, reverse = false }: KeyRange): Generator<Entry> {
    const writes = this.#tables.get(table);
    if (writes === undefined) return;
    let key = writes.next(start, false, reverse);
    while (key !== undefined) {
      if (end !== undefined && (reverse ? orderOf(key, end) <= 0 : orderOf(key, end) >= 0)) return;
      yield { key, value: writes.get(key)! };
      key = writes.next(key, true, reverse);
    }
  }
}

/**
 * Entries of several sources in their common order. Where a key is in more than one, the first source that has it is
 * right; what it says was removed is left out.
 */
export function* merged(
  sources: readonly Iterator<Entry>[],
  reverse: boolean,
): Generator<Entry & { readonly value: Uint8Array }> {
  const heads = sources.map((source) => source.next());
  try {
    for (;;) {
      let first: Entry | undefined;
      for (const head of heads) {
        if (head.done === true) continue;
        const order = first === undefined ? -1 : orderOf(head.value.key, first.key);
        if (first === undefined || (reverse ? order > 0 : order < 0)) first = head.value;
      }
      if (first === undefined) return;
      const { key, value } = first;
      heads.forEach((head, i) => {
        if (head.done !== true && orderOf(head.value.key, key) === 0) heads[i] = sources[i]!.next();
      });
      if (value !== null) yield { key, value };
    }
  } finally {
    for (const source of sources) source.return?.();
  }
}
