import { pack, unpack } from 'msgpackr';

/**
 * A key; those of one table, and of its ranges, are all single or all pairs. Numbers sort before text, pairs by their first
 * and then by their second.
 */
export type Key = number | string | readonly [number | string, number | string];

/** Keys from `start` (inclusive) to `end` (exclusive); with `reverse`, from `start` downwards. */
export interface KeyRange {
  readonly start?: Key;
  readonly end?: Key;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** One ordered table of a {@link LogStore}. Values are copied in and out; writing is for transactions only. */
export interface Table<V, K extends Key> {
  get(key: K): V | undefined;
  has(key: K): boolean;
  put(key: K, value: V): void;
  remove(key: K): void;
  entries(range?: KeyRange): Iterable<{ readonly key: K; readonly value: V }>;
  keys(range?: KeyRange): Iterable<K>;
}

/** How values of a table become bytes. Neither side keeps or changes what it is given. */
export interface Codec<V> {
  readonly encode: (value: V) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => V;
}

/** MessagePack: what most tables are kept in. */
export function messagePack<V>(): Codec<V> {
  return { encode: pack, decode: (bytes) => unpack(bytes) as V };
}

/** Byte arrays as they are. */
export const BYTES: Codec<Uint8Array> = {
  encode: (value) => new Uint8Array(value),
  decode: (bytes) => new Uint8Array(bytes),
};

/**
 * What the journal lies on: ordered tables with durable transactions. Reads outside a transaction see what is
 * committed; reads inside see what the transaction wrote.
 */
export interface LogStore {
  /** Opens a table, making it the first time; without a codec its values are kept in MessagePack. */
  table<V, K extends Key>(name: string, codec?: Codec<V>): Table<V, K>;
  /** Runs `write` as one transaction; settles when it is durable, rejects when nothing of it is. */
  transaction(write: () => void): Promise<void>;
  /** Bytes in use, of what is committed. What was removed may count until {@link compact} has run. */
  bytes(): number;
  /** Gives up the room of what was removed. Rejects when nothing can be written any more. */
  compact(): Promise<void>;
  close(): Promise<void>;
}
