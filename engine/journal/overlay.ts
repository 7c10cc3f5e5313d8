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

/** Writes to one table, of each key the newest. */
interface TableWrites<K> {
  readonly size: number;
  get(key: K): Value | undefined;
  put(key: K, value: Value): void;
  /** The next key at or after `from`, after it where it is `exclusive`; with `reverse` downwards. */
  next(from: K | undefined, exclusive: boolean, reverse: boolean): K | undefined;
  /** All, in no certain order. */
  entries(): Iterable<readonly [K, Value]>;
}

/** Values by key, found by hashing, in order only when somebody asks: most are never read in order. */
class Sorted<V> {
  readonly #values = new Map<Part, V>();
  readonly #keys: Part[] = [];
  #isSorted = true;

  get size(): number {
    return this.#keys.length;
  }

  get(key: Part): V | undefined {
    return this.#values.get(key);
  }

  put(key: Part, value: V): void {
    const before = this.#keys.length;
    this.#values.set(key, value);
    if (this.#values.size === before) return;
    // Nearly always a key follows those before it: a place in a log, the time of a bar.
    if (before > 0 && this.#isSorted) this.#isSorted = orderOfParts(this.#keys[before - 1]!, key) < 0;
    this.#keys.push(key);
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

  entries(): IterableIterator<[Part, V]> {
    return this.#values.entries();
  }
}

/** Writes to a table whose keys are pairs, together by the first of a pair. */
class PairWrites implements TableWrites<Pair> {
  readonly #groups = new Sorted<Sorted<Value>>();
  size = 0;

  get(key: Pair): Value | undefined {
    return this.#groups.get(key[0])?.get(key[1]);
  }

  put(key: Pair, value: Value): void {
    let group = this.#groups.get(key[0]);
    if (group === undefined) this.#groups.put(key[0], (group = new Sorted()));
    const before = group.size;
    group.put(key[1], value);
    this.size += group.size - before;
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

  *entries(): Generator<readonly [Pair, Value]> {
    for (const [first, group] of this.#groups.entries())
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
    let writes = this.#tables.get(table);
    if (writes === undefined) {
      writes = (typeof key === 'object' ? new PairWrites() : new Sorted<Value>()) as TableWrites<Key>;
      this.#tables.set(table, writes);
    }
    const before = writes.get(key);
    this.#bytes += (value?.length ?? 0) + (before === undefined ? ENTRY_BYTES : -(before?.length ?? 0));
    writes.put(key, value);
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
    for (const { table, key, value } of newer.writes()) this.put(table, key, value);
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
