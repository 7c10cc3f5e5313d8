import { mkdirSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { SuhoError, messageOf } from '../errors.js';
import { INSERT_SETTINGS, type ClickHouseTransport } from './clickhouse-feature-store.js';

const FATAL_SIGNALS = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV'] as const;

/**
 * The real ClickHouse engine in this process (chdb). RowBinary goes in and out as segment files, which the
 * engine reads and writes off the event loop. One data directory may be open in a process.
 */
export class EmbeddedClickHouse implements ClickHouseTransport {
  readonly client: ClickHouseClient;
  readonly #clickhouse: string;
  #reader: ClickHouseClient | undefined;
  readonly #segments: string;
  #next = 0;

  constructor(folder: string) {
    this.#segments = path.join(folder, 'segments');
    // Segments of a process that died are written again from the journal.
    rmSync(this.#segments, { recursive: true, force: true });
    mkdirSync(this.#segments, { recursive: true });
    this.#clickhouse = path.join(folder, 'clickhouse');
    this.client = this.#connect();
  }

  get reader(): ClickHouseClient {
    this.#reader ??= this.#connect();
    return this.#reader;
  }

  #connect(): ClickHouseClient {
    let connection: unknown;
    try {
      connection = createChdbConnection({ path: this.#clickhouse });
    } catch (error) {
      const text = `The embedded ClickHouse does not start: ${messageOf(error)}; something else may be in that folder.`;
      throw new SuhoError('STORE_UNAVAILABLE', text, { cause: error });
    }
    dieAtOnce();
    return createClient({
      connection: connection as never,
      // One thread: the engine and its workers have the cores.
      clickhouse_settings: { final: 1, max_threads: 1 },
    } as Parameters<typeof createClient>[0]);
  }

  async insert(table: string, columns: string, structure: string, rows: Uint8Array): Promise<void> {
    await this.#withSegment(async (file) => {
      await writeFile(file, rows);
      await this.client.command({
        query: `INSERT INTO ${table} (${columns}) SELECT * FROM file(${quoted(file)}, 'RowBinary', ${quoted(structure)})`,
        clickhouse_settings: INSERT_SETTINGS,
      });
    });
  }

  async select(
    query: string,
    structure: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<Uint8Array> {
    return await this.#withSegment(async (file) => {
      await this.client.command({
        query: `INSERT INTO FUNCTION file(${quoted(file)}, 'RowBinary', ${quoted(structure)}) ${query}`,
        query_params: parameters,
      });
      return await readFile(file);
    });
  }

  async close(): Promise<void> {
    await this.#reader?.close();
    await this.client.close();
  }

  async #withSegment<T>(work: (file: string) => Promise<T>): Promise<T> {
    const file = path.join(this.#segments, `${process.pid}-${this.#next++}.bin`);
    try {
      return await work(file);
    } finally {
      await rm(file, { force: true });
    }
  }
}

/** A ClickHouse string literal. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * Takes back the signals of a fatal error. ClickHouse's handler waits five minutes for a thread that writes a report, which chdb does not
 * start: a process that is out of memory would keep its port and its lock for as long, instead of being started again.
 */
function dieAtOnce(): void {
  for (const signal of FATAL_SIGNALS) {
    process.on(signal, ignore);
    // Node gives the last listener's signal back its default action, which is to end the process.
    process.off(signal, ignore);
  }
}

function ignore(): void {
  // Never called.
}
