/** A key: numbers sort before text, arrays element by element. */
export type Key = number | string | readonly (number | string)[];

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
  put(key: K, value: V): void;
  remove(key: K): void;
  entries(range?: KeyRange): Iterable<{ readonly key: K; readonly value: V }>;
  keys(range?: KeyRange): Iterable<K>;
}

/**
 * What the journal lies on: ordered tables with durable transactions. Reads outside a transaction see what is
 * committed; reads inside see what the transaction wrote.
 */
export interface LogStore {
  /** Opens a table, making it the first time. `binary` tables hold byte arrays as they are. */
  table<V, K extends Key>(name: string, encoding?: 'binary'): Table<V, K>;
  /** Runs `write` as one transaction; settles when it is durable, rejects when nothing of it is. */
  transaction(write: () => void): Promise<void>;
  /** Bytes in use, of what is committed. What was removed may count until {@link compact} has run. */
  bytes(): number;
  /** Gives up the room of what was removed. Rejects when nothing can be written any more. */
  compact(): Promise<void>;
  close(): Promise<void>;
}
