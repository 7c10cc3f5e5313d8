import type { Logger } from 'pino';
import type pg from 'pg';
import type { Background } from '../background.js';
import type { Config } from '../config.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { applySchemas } from './schemas.js';

/** Where PostgreSQL is, and how to end it where it is ours. */
export interface OpenPostgres {
  readonly connection: pg.PoolConfig;
  stop(): Promise<void>;
}

/** The PostgreSQL that is configured, there or not, or one of our own in `folder` with its schemas applied. */
export async function openPostgres(
  { url, adminUrl }: Config['postgres'],
  folder: string,
  background: Background,
  log: Logger,
): Promise<OpenPostgres> {
  const apply = async (connection: pg.ClientConfig): Promise<void> =>
    void (await applySchemas(connection, false, (warning) => log.warn({ warning }, 'PostgreSQL schemas')));
  if (url !== undefined) {
    if (adminUrl !== undefined)
      void background.untilDone('schemas', async () => await apply({ connectionString: adminUrl }));
    return { connection: { connectionString: url }, stop: async () => await Promise.resolve() };
  }
  const embedded = new EmbeddedPostgres(folder);
  await embedded.start();
  await apply(embedded.connection);
  return { connection: embedded.connection, stop: async () => await embedded.stop() };
}
