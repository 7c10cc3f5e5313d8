import { chmod, rename, rm } from 'node:fs/promises';
import { SuhoError, messageOf } from '../errors.js';

/** Mode of a file for the user: what the data folder keeps to itself, an export does not. */
const EXPORT_MODE = 0o666 & ~process.umask();

/**
 * Lets `write` make a file that appears as `out` only when it is whole. Throws `BAD_FILE` when it cannot be
 * written; errors that are for a person already pass as they are.
 */
export async function writeWhole(out: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${out}.${process.pid}.tmp`;
  try {
    await write(temporary);
    await chmod(temporary, EXPORT_MODE);
    await rename(temporary, out);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error instanceof SuhoError
      ? error
      : new SuhoError('BAD_FILE', `${out} cannot be written: ${messageOf(error)}.`);
  }
}
