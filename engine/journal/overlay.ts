import { compareKeys } from 'ordered-binary';
import sortedTree from 'sorted-btree';
import type { Key, KeyRange } from './log-store.js';

// The package is CommonJS: its class is the default of its default.
const BTree = sortedTree.default;

type Tree = InstanceType<typeof sortedTree.default<Key, Uint8Array | null>>;

/** A key of a table and its bytes; null where it was removed. */
export interface Entry {
  readonly key: Key;
  readonly value: Uint8Array | null;
}

/** Bytes an entry takes beside its value. */
const ENTRY_BYTES = 64;

function orderOfParts(a: number | string, b: number | string): number {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === 'number' ? -1 : 1;
}

/** Order of keys, as LMDB has them: numbers before text, arrays element by element. */
function orderOf(a: Key, b: Key): number {
  if (typeof a !== 'object' && typeof b !== 'object') return orderOfParts(a, b);
  if (typeof a === 'object' && typeof b === 'object' && a.length === 2 && b.length === 2)
    return orderOfParts(a[0]!, b[0]!) || orderOfParts(a[1]!, b[1]!);
  return compareKeys(a as never, b as never);
}

/** Writes in memory that lie over a table on disk: of each key the newest value, or that it was removed. */
export class Overlay {
  readonly #trees = new Map<string, Tree>();
  #bytes = 0;

  /** Bytes its entries take. */
  get bytes(): number {
    return this.#bytes;
  }

  put(table: string, key: Key, value: Uint8Array | null): void {
    let tree = this.#trees.get(table);
    if (tree === undefined)
      this.#trees.set(table, (tree = new BTree<Key, Uint8Array | null>(undefined, orderOf)));
    const before = tree.get(key);
    this.#bytes += (value?.length ?? 0) + (before === undefined ? ENTRY_BYTES : -(before?.length ?? 0));
    tree.set(key, value);
  }

  /** Bytes of a key, null where it was removed, undefined where nothing was written. */
  get(table: string, key: Key): Uint8Array | null | undefined {
    return this.#trees.get(table)?.get(key);
  }

  /** How many keys of a table were written. */
  size(table: string): number {
    return this.#trees.get(table)?.size ?? 0;
  }

  /** Takes over the writes of a newer overlay. */
  absorb(newer: Overlay): void {
    for (const [table, tree] of newer.#trees) tree.forEachPair((key, value) => this.put(table, key, value));
  }

  /** All writes, table by table, in the order of their keys. */
  *writes(): Generator<{ readonly table: string } & Entry> {
    for (const [table, tree] of this.#trees)
      for (const [key, value] of tree.entries()) yield { table, key, value };
  }

  /** Entries of a range, removed ones too. Each is looked for anew, so that writes between them do no harm. */
  *entries(table: string, { start, end, reverse = false }: KeyRange): Generator<Entry> {
    const tree = this.#trees.get(table);
    if (tree === undefined) return;
    let pair =
      start === undefined
        ? reverse
          ? tree.nextLowerPair(undefined)
          : tree.nextHigherPair(undefined)
        : reverse
          ? tree.getPairOrNextLower(start)
          : tree.getPairOrNextHigher(start);
    while (pair !== undefined) {
      const [key, value] = pair;
      if (end !== undefined && (reverse ? orderOf(key, end) <= 0 : orderOf(key, end) >= 0)) return;
      yield { key, value };
      pair = reverse ? tree.nextLowerPair(key) : tree.nextHigherPair(key);
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
