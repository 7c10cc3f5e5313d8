import type { Database, RootDatabase } from 'lmdb';
import { SYSTEM_CLOCK, turnOf } from '../clock.js';
import { commit, commitNow, openEnvironment } from './environment.js';
import type { Key, KeyRange } from './log-store.js';
import type { Entry, Overlay } from './overlay.js';

type LmdbKey = (number | string)[] | number | string;
type Bytes = Database<Buffer, LmdbKey>;

/** Pages of one table, as `mdb_stat` counts them. */
interface TableStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** Entries written in one transaction: two to three milliseconds of the event loop. */
const WRITES_AT_ONCE = 400;
/** The table of this file's own facts. */
const MARKS = 'marks';

/** Tables of bytes in LMDB: memory-mapped, one file. */
export class LmdbTables {
  readonly #root: RootDatabase;
  readonly #marks: Database<number, string>;
  readonly #tables = new Map<string, Bytes>();

  /** Opens or makes an environment in a folder, which must be there. */
  constructor(folder: string) {
    this.#root = openEnvironment(folder);
    this.#marks = this.#root.openDB<number, string>({ name: MARKS });
  }

  table(name: string): Bytes {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = this.#root.openDB<Buffer, LmdbKey>({ name, encoding: 'binary' });
      this.#tables.set(name, table);
    }
    return table;
  }

  /** Entries of a range, `limit` at most; without their values where only keys are asked for. */
  *entries(
    name: string,
    range: KeyRange,
    keysOnly: boolean,
  ): Generator<Entry & { readonly value: Uint8Array }> {
    const table = this.table(name);
    if (keysOnly) for (const key of table.getKeys(range as object)) yield { key: key as Key, value: NOTHING };
    else yield* table.getRange(range as object) as Iterable<{ key: Key; value: Buffer }>;
  }

  mark(name: string): number | undefined {
    return this.#marks.get(name);
  }

  /** Sets a mark; it is on disk when this returns. */
  setMark(name: string, value: number): void {
    commitNow(this.#root, () => this.#marks.putSync(name, value));
  }

  /**
   * Takes over an overlay's writes, then sets a mark, in several transactions: others on the event loop come before each
   * of them, unless it `isUrgent`, and a crash between them is followed by the same writes again.
   */
  async absorb(overlay: Overlay, mark: string, value: number, isUrgent: () => boolean): Promise<void> {
    const writes = [...overlay.writes()];
    for (let from = 0; from < writes.length; from += WRITES_AT_ONCE) {
      if (!isUrgent()) await turnOf(SYSTEM_CLOCK);
      const some = writes.slice(from, from + WRITES_AT_ONCE);
      await commit(this.#root, () => {
        for (const { table, key, value: bytes } of some) {
          if (bytes === null) this.table(table).removeSync(key as LmdbKey);
          else this.table(table).putSync(key as LmdbKey, bytes as Buffer);
        }
        if (from + some.length === writes.length) this.#marks.putSync(mark, value);
      });
    }
  }

  /** Bytes in use. */
  bytes(): number {
    let bytes = 0;
    for (const table of this.#tables.values()) {
      const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } =
        table.getStats() as TableStats;
      bytes += pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages);
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

const NOTHING = new Uint8Array(0);
