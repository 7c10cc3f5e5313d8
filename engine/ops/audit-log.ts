import { appendFileSync, renameSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { messageOf } from '../errors.js';

/** A file is put aside at this size; the one before it is dropped. */
const BYTES_MAX = 20e6;
/** Characters of a request that are kept. */
const REQUEST_MAX = 2_000;
const FILE = 'audit.log';

/** One action of an engineer or operator. */
export interface AuditEntry {
  /** When it ended, ISO 8601 UTC. */
  readonly time: string;
  readonly tenant: string;
  readonly user: string;
  readonly role: string;
  /** Where it came from. */
  readonly peer: string;
  /** `/package.Service/Method`, or what was done by signal. */
  readonly action: string;
  readonly request: string;
  /** Name of the gRPC status. */
  readonly outcome: string;
}

/**
 * What engineers and operators did, one JSON object a line in `audit.log` of the data folder, which only its owner reads. It is
 * written before the caller has its answer; a disk that is full fails no call, but the log says so.
 */
export class AuditLog {
  readonly #file: string;
  readonly #log: Logger;
  #bytes: number;

  constructor(folder: string, log: Logger) {
    this.#file = auditFile(folder);
    this.#log = log;
    this.#bytes = sizeOf(this.#file);
  }

  add(entry: Omit<AuditEntry, 'time' | 'request'> & { readonly request: unknown }): void {
    const { request, ...rest } = entry;
    const written: AuditEntry = {
      time: new Date().toISOString(),
      ...rest,
      request: JSON.stringify(request ?? {}).slice(0, REQUEST_MAX),
    };
    this.#log.info({ ...rest }, 'an engineer or operator acted');
    try {
      const line = `${JSON.stringify(written)}\n`;
      if (this.#bytes + line.length > BYTES_MAX) {
        renameSync(this.#file, `${this.#file}.1`);
        this.#bytes = 0;
      }
      appendFileSync(this.#file, line, { mode: 0o600 });
      this.#bytes += line.length;
    } catch (error) {
      this.#log.error({ error: messageOf(error), ...rest }, 'the audit log cannot be written');
    }
  }
}

/** Where the audit log of a data folder is; the one before it has `.1` after its name. */
export function auditFile(folder: string): string {
  return path.join(folder, FILE);
}

/** Bytes of the log's end that are read for the newest entries. */
const READ_BYTES_MAX = 512 * 1024;

/** The newest entries of a data folder's audit log that pass, newest first, `limit` at most; those at its end alone are looked at. */
export async function newestEntries(
  folder: string,
  limit: number,
  passes: (entry: AuditEntry) => boolean,
): Promise<readonly AuditEntry[]> {
  const found: AuditEntry[] = [];
  const file = auditFile(folder);
  for (const name of [file, `${file}.1`]) {
    for (const line of (await endOf(name)).reverse()) {
      if (found.length >= limit) return found;
      const entry = JSON.parse(line) as AuditEntry;
      if (passes(entry)) found.push(entry);
    }
  }
  return found;
}

/** The whole lines at the end of a file; none when it is not there. */
async function endOf(file: string): Promise<string[]> {
  if (sizeOf(file) === 0) return [];
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - READ_BYTES_MAX);
    const buffer = Buffer.alloc(size - from);
    await handle.read(buffer, 0, buffer.length, from);
    const lines = buffer.toString('utf8').split('\n');
    // The first may have begun before, the last is empty.
    return lines.slice(from > 0 ? 1 : 0, -1);
  } finally {
    await handle.close();
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
