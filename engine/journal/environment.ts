import path from 'node:path';
import { ABORT, open, type RootDatabase } from 'lmdb';
import { SuhoError } from '../errors.js';
import { damageOf } from './page-check.js';

/** LMDB's one file in its folder. */
const FILE = 'data.mdb';
/** Named databases an environment may hold. */
export const DATABASES_MAX = 32;

/**
 * Opens the LMDB environment of a journal. Every commit is on disk before it is acknowledged (no overlapping
 * sync). All writes go through {@link commit} or {@link commitNow}. Throws `BAD_FILE` for one that is damaged.
 */
export function openEnvironment(folder: string): RootDatabase {
  const damage = damageOf(path.join(folder, FILE));
  if (damage !== undefined) throw damagedJournal(folder, damage);
  return open({
    path: folder,
    maxDbs: DATABASES_MAX,
    overlappingSync: false,
    noMemInit: true,
    // With batching, lmdb rejects a second promise for a failed commit, one nobody holds: the process would
    // end on an unhandled rejection where the caller has handled the failure.
    eventTurnBatching: false,
  });
}

/** The journal in a folder is damaged, as a sentence. */
export function damagedJournal(folder: string, damage: string, cause?: unknown): SuhoError {
  return new SuhoError(
    'BAD_FILE',
    `The journal ${path.join(folder, FILE)} is damaged: ${damage}. Restore the data folder from a copy, or use another one with --data.`,
    { cause },
  );
}

/**
 * Runs a write transaction and settles when it is on disk. All of it is committed or, when the promise
 * rejects, nothing; it rejects with LMDB's own error. One commit at a time: start the next when this one settled.
 */
export async function commit(root: RootDatabase, write: () => void): Promise<void> {
  forgetFreePages(root);
  try {
    // A transaction of lmdb commits what was written before its callback threw; a child transaction does not.
    await root.childTransaction(write);
  } catch (error) {
    throw await causeOf(error);
  }
}

/**
 * Runs a write transaction that is on disk when this returns; nothing is when it throws. Not for the hot path:
 * it waits for the disk.
 */
export function commitNow(root: RootDatabase, write: () => void): void {
  forgetFreePages(root);
  root.transactionSync(write);
  forgetFreePages(root);
}

/**
 * Makes the next transaction read the list of free pages from disk rather than continue with the list that
 * the last one left in memory.
 *
 * lmdb's fork of LMDB keeps that list between transactions and writes only the range that changed
 * (`me_freelist_written_start` to `_end` in `mdb.c`). `mdb_ovpage_free` gives the pages of a large value
 * that is replaced or removed in the transaction that wrote it back to the list without widening the range,
 * so `mdb_freelist_save` skips an entry that is not on disk yet and fails the commit: `MDB_BAD_TXN: reserved
 * freelist had a data entry with zero-size`, or `had bad/duplicate entries`. It needs a list used up while a
 * reader keeps freed pages from being reused, which is what a start that replays its inputs does. A list read
 * in the same transaction is always written whole. An aborted transaction is what drops the one in memory.
 */
function forgetFreePages(root: RootDatabase): void {
  root.transactionSync(() => ABORT);
}

/** The error of LMDB behind the one that `transaction` rejects with. */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { readonly commitError?: Promise<unknown> };
  if (commitError === undefined) return error;
  return await commitError.catch((cause: unknown) => cause);
}
