import { randomInt } from 'node:crypto';
import { damagedJournal } from './environment.js';
import { LmdbTables } from './lmdb-tables.js';
import { messagePack, type Codec, type Key, type KeyRange, type LogStore, type Table } from './log-store.js';
import { Overlay, merged } from './overlay.js';
import { WriteAheadLog } from './write-ahead-log.js';

/** Bytes gathered in memory before they are written to the tables together: a start reads as much from the log. */
const CHECKPOINT_BYTES = 8e6;
/** Beyond this a transaction waits until the tables have caught up. */
const OVERLAY_BYTES_MAX = 4 * CHECKPOINT_BYTES;
/** Number of the first transaction that is not in the tables. */
const LOGGED_FROM = 'loggedFrom';
/** What the checksums of the log begin with: nobody who does not know it can make bytes that look like a transaction. */
const SALT = 'salt';

/**
 * A journal's tables in LMDB, with a write-ahead log before them. A transaction is durable once it is in the log, one
 * synchronous write; its entries then lie in memory over the tables and go into these together, so that what is
 * written again or removed soon after never gets there, and the pages of a B-tree are not written for every bar.
 */
export class WalStore implements LogStore {
  readonly #folder: string;
  readonly #tables: LmdbTables;
  readonly #log: WriteAheadLog;
  /** Durable writes that are not on their way into the tables yet, and those that are. */
  #newest = new Overlay();
  #leaving: Overlay | undefined;
  /** Writes of the transaction that is being made. */
  #writing: Overlay | undefined;
  /** Number of the first transaction that is not in memory or in the tables. */
  #next: number;
  #tableBytes: number;
  #checkpoint: Promise<void> | undefined;
  /** How many wait until all is in the tables. */
  #waiting = 0;
  #failure: Error | undefined;
  #closed = false;

  /** Opens or makes a store in a folder, which must be there. Throws `BAD_FILE` for one that is damaged. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#tables = new LmdbTables(folder);
    if (this.#tables.mark(SALT) === undefined) this.#tables.setMark(SALT, randomInt(2 ** 32));
    const from = this.#tables.mark(LOGGED_FROM) ?? 1;
    const { log, found } = openLog(folder, this.#tables.mark(SALT)!, from);
    this.#log = log;
    this.#next = log.next;
    for (const { writes } of found)
      for (const { table, key, value } of writes) this.#newest.put(table, key, value);
    this.#tableBytes = this.#tables.bytes();
  }

  table<V, K extends Key>(name: string, codec: Codec<V> = messagePack()): Table<V, K> {
    const table = this.#tables.table(name);
    const read = <T>(work: () => T): T => {
      try {
        return work();
      } catch (error) {
        throw this.#readingFailed(name, error);
      }
    };
    const range = (from: KeyRange, keysOnly: boolean) => this.#range(name, from, keysOnly);
    return {
      get: (key) =>
        read(() => {
          const bytes = this.#written(name, key);
          if (bytes === null) return undefined;
          const found = bytes ?? table.getBinary(key as number);
          return found === undefined ? undefined : codec.decode(found);
        }),
      has: (key) => {
        const bytes = this.#written(name, key);
        return bytes === undefined ? table.doesExist(key as number) : bytes !== null;
      },
      put: (key, value) => this.#put(name, key, codec.encode(value)),
      remove: (key) => this.#put(name, key, null),
      *entries(from = {}) {
        const found = range(from, false);
        try {
          for (let next = read(() => found.next()); next.done !== true; next = read(() => found.next())) {
            const { key, value } = next.value;
            yield { key: key as K, value: read(() => codec.decode(value)) };
          }
        } finally {
          found.return(undefined);
        }
      },
      *keys(from = {}) {
        for (const { key } of range(from, true)) yield key as K;
      },
    };
  }

  /** What lies over the tables, newest first; the transaction that is being made sees itself. */
  #overlays(): Overlay[] {
    return [this.#writing, this.#newest, this.#leaving].filter((overlay) => overlay !== undefined);
  }

  /** What was written to a key since it came into the tables; see {@link Overlay.get}. */
  #written(table: string, key: Key): Uint8Array | null | undefined {
    let bytes = this.#writing?.get(table, key);
    if (bytes === undefined) bytes = this.#newest.get(table, key);
    return bytes === undefined ? this.#leaving?.get(table, key) : bytes;
  }

  *#range(table: string, range: KeyRange, keysOnly: boolean) {
    const overlays = this.#overlays().filter((overlay) => overlay.size(table) > 0);
    let left = range.limit ?? Infinity;
    if (left <= 0) return;
    // So many of those in the tables may have been removed since.
    const hidden = overlays.reduce((sum, overlay) => sum + overlay.size(table), 0);
    const limited = left === Infinity ? range : { ...range, limit: left + hidden };
    const sources = overlays.map((overlay) => overlay.entries(table, range));
    for (const entry of merged(
      [...sources, this.#tables.entries(table, limited, keysOnly)],
      range.reverse ?? false,
    )) {
      yield entry;
      if (--left <= 0) return;
    }
  }

  #put(table: string, key: Key, bytes: Uint8Array | null): void {
    if (this.#writing === undefined) throw new Error('A journal is written in transactions only.');
    this.#writing.put(table, key, bytes);
    this.#log.write(table, key, bytes);
  }

  async transaction(write: () => void): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const made = new Overlay();
    this.#writing = made;
    this.#log.begin();
    try {
      write();
    } finally {
      this.#writing = undefined;
    }
    if (this.#log.isEmpty) return;
    await this.#log.append();
    this.#newest.absorb(made);
    this.#next = this.#log.next;
    if (this.#newest.bytes >= CHECKPOINT_BYTES) void this.#begin();
    if (this.#newest.bytes >= OVERLAY_BYTES_MAX) await this.compact();
  }

  bytes(): number {
    return this.#tableBytes + this.#newest.bytes + (this.#leaving?.bytes ?? 0);
  }

  async compact(): Promise<void> {
    await this.#moveAll();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    await this.#moveAll();
    this.#closed = true;
    this.#log.close();
    await this.#tables.close();
  }

  /** Writes all there is in memory to the tables. Never rejects. */
  async #moveAll(): Promise<void> {
    this.#waiting++;
    await this.#checkpoint;
    await this.#begin();
    this.#waiting--;
  }

  /** Begins to write what is in memory to the tables, unless that is under way. Never rejects. */
  #begin(): Promise<void> {
    this.#checkpoint ??= this.#write()
      .catch((error: unknown) => {
        this.#failure = error as Error;
      })
      .finally(() => {
        this.#checkpoint = undefined;
      });
    return this.#checkpoint;
  }

  async #write(): Promise<void> {
    if (this.#failure !== undefined || this.#newest.bytes === 0) return;
    const next = this.#next;
    this.#leaving = this.#newest;
    this.#newest = new Overlay();
    // Whoever waits for it, or the next to be due, leaves no time to give way.
    const isUrgent = (): boolean => this.#waiting > 0 || this.#newest.bytes >= CHECKPOINT_BYTES;
    await this.#tables.absorb(this.#leaving, LOGGED_FROM, next, isUrgent);
    this.#leaving = undefined;
    this.#tableBytes = this.#tables.bytes();
    this.#log.release(next);
  }

  /** What LMDB itself throws has a code; what is left is that the bytes of an entry are not what was written. */
  #readingFailed(table: string, error: unknown): unknown {
    if (this.#closed || (error instanceof Error && 'code' in error)) return error;
    return damagedJournal(this.#folder, `an entry of ${table} cannot be read`, error);
  }
}

function openLog(folder: string, salt: number, from: number): ReturnType<typeof WriteAheadLog.open> {
  try {
    return WriteAheadLog.open(folder, salt, from);
  } catch (error) {
    throw damagedJournal(folder, (error as Error).message, error);
  }
}
