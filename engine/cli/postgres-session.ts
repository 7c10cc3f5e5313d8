import { existsSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { Option } from 'commander';
import { loadConfig } from '../config.js';
import { EmbeddedPostgres } from '../database/embedded-postgres.js';
import { applySchemas } from '../database/schemas.js';
import { SuhoError } from '../errors.js';
import { DataFolder } from '../journal/data-folder.js';
import { onStopSignal } from './stop-signals.js';

/** Which PostgreSQL a command is about. */
export interface PostgresOptions {
  readonly config?: string;
  readonly data?: string;
}

export function postgresOptions(): Option[] {
  return [
    new Option('--config <file>', 'configuration file (JSON)'),
    new Option(
      '--data <folder>',
      'data folder whose embedded PostgreSQL is used when no server is configured',
    ),
  ];
}

/**
 * Does one job as the administrator of the PostgreSQL that the configuration names (postgres.adminUrl, else
 * postgres.url), or of a data folder's own, whether an engine runs on it or not.
 */
export async function withPostgres<T>(
  { config: file, data }: PostgresOptions,
  job: (connection: pg.ClientConfig, isOwn: boolean) => Promise<T>,
): Promise<T> {
  const config = loadConfig(file, process.env, data === undefined ? {} : { data });
  const url = config.postgres.adminUrl ?? config.postgres.url;
  if (url !== undefined) return await job({ connectionString: url }, false);
  if (!existsSync(path.join(config.data, 'suho.json')))
    throw new SuhoError(
      'NOT_FOUND',
      `There is no data folder at ${path.resolve(config.data)}, and no PostgreSQL is configured.`,
    );
  const room = path.join(config.data, 'postgres');
  const held = take(config.data, room);
  if ('running' in held) return await job(held.running, true);
  const { folder } = held;
  const server = new EmbeddedPostgres(room);
  const stopListening = onStopSignal(() => {
    // The server ends by itself once this process has.
    folder.release();
    process.exit(130);
  });
  try {
    await server.start();
    await applySchemas(server.connection);
    return await job(server.connection, true);
  } finally {
    await server.stop();
    folder.release();
    stopListening();
  }
}

/**
 * Takes a data folder, or the server of the process that has it. The server of one that was killed ends by itself in a moment:
 * who takes the folder waits for that and starts another.
 */
function take(
  data: string,
  room: string,
): { readonly folder: DataFolder } | { readonly running: pg.ClientConfig } {
  try {
    return { folder: DataFolder.open(data) };
  } catch (error) {
    const running = EmbeddedPostgres.runningOn(room);
    if (error instanceof SuhoError && error.code === 'DATA_FOLDER_IN_USE' && running !== undefined)
      return { running };
    throw error;
  }
}
