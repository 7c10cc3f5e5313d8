import type { Database, RootDatabase } from 'lmdb';
import { commit, damagedJournal, openEnvironment } from './environment.js';
import type { Key, KeyRange, LogStore, Table } from './log-store.js';

type LmdbKey = (number | string)[] | number | string;

/** Pages of one table, as `mdb_stat` counts them. */
interface TableStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** A journal's tables in LMDB: ACID, memory-mapped, one file. */
export class LmdbStore implements LogStore {
  readonly #folder: string;
  readonly #root: RootDatabase;
  readonly #databases: Database[] = [];
  #closed = false;

  /** Opens or makes an environment in a folder, which must be there. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#root = openEnvironment(folder);
  }

  table<V, K extends Key>(name: string, encoding?: 'binary'): Table<V, K> {
    const database = this.#root.openDB<V, never>(
      encoding === undefined ? { name } : { name, encoding },
    ) as unknown as Database<V, LmdbKey>;
    this.#databases.push(database as unknown as Database);
    return new LmdbTable<V, K>(database, (error) => {
      // What LMDB itself throws has a code; what is left is that the bytes of an entry are not what was written.
      if (this.#closed || (error instanceof Error && 'code' in error)) return error;
      return damagedJournal(this.#folder, `an entry of ${name} cannot be read`, error);
    });
  }

  async transaction(write: () => void): Promise<void> {
    await commit(this.#root, write);
  }

  bytes(): number {
    let bytes = 0;
    for (const database of this.#databases) {
      const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } =
        database.getStats() as TableStats;
      bytes += pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages);
    }
    return bytes;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#root.close();
  }
}

class LmdbTable<V, K extends Key> implements Table<V, K> {
  readonly #database: Database<V, LmdbKey>;
  readonly #failure: (error: unknown) => unknown;

  /** `failure` turns what reading an entry threw into what the caller is told. */
  constructor(database: Database<V, LmdbKey>, failure: (error: unknown) => unknown) {
    this.#database = database;
    this.#failure = failure;
  }

  get(key: K): V | undefined {
    try {
      return this.#database.get(key as number);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  put(key: K, value: V): void {
    this.#database.putSync(key as number, value);
  }

  remove(key: K): void {
    this.#database.removeSync(key as number);
  }

  entries(range: KeyRange = {}): Iterable<{ readonly key: K; readonly value: V }> {
    const found = this.#database.getRange(range as object);
    return this.#readable(found as unknown as Iterable<{ key: K; value: V }>);
  }

  keys(range: KeyRange = {}): Iterable<K> {
    return this.#readable(this.#database.getKeys(range as object) as unknown as Iterable<K>);
  }

  *#readable<T>(found: Iterable<T>): Generator<T> {
    try {
      yield* found;
    } catch (error) {
      throw this.#failure(error);
    }
  }
}
