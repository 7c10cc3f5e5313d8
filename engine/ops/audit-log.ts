import { appendFileSync, renameSync, statSync } from 'node:fs';
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

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
