import { mkdir } from 'node:fs/promises';
import { open } from 'lmdb';
import { DATABASES_MAX } from './environment.js';

/**
 * Copies the tables of a journal that is in use, as they are at one moment, into an empty folder. What is in the write-ahead log
 * alone is not in the copy: `compact` the journal before. A journal opened on the copy goes on from that moment.
 */
export async function copyJournal(folder: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  // A further reader of the environment that this process has open; it sees one commit and holds up none.
  const reader = open({ path: folder, maxDbs: DATABASES_MAX, readOnly: true });
  try {
    await reader.backup(to, true);
  } finally {
    await reader.close();
  }
}
