import { readFileSync } from 'node:fs';
import pg from 'pg';
import { SuhoError, messageOf } from '../errors.js';

/** Files that PostgreSQL is given, in their order. */
const POSTGRES_SCHEMAS = ['02_postgresql_model_registry', '03_timescaledb_predictions'] as const;

export interface SchemaStatus {
  readonly file: string;
  /** Version this program brings. */
  readonly version: number;
  /** Version the store has; undefined for none. */
  readonly applied: number | undefined;
}

function schemaText(file: string): string {
  return readFileSync(new URL(`../../../schemas/${file}.sql`, import.meta.url), 'utf8');
}

/** The version a file enters of itself. */
function versionOf(file: string, text: string): number {
  const version = new RegExp(`VALUES \\('${file}', (\\d+)\\)`).exec(text)?.[1];
  if (version === undefined) throw new Error(`${file} does not say its version.`);
  return Number(version);
}

async function statusOf(client: pg.ClientBase): Promise<SchemaStatus[]> {
  const { rows: found } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('public.suho_schema_versions') IS NOT NULL AS there`,
  );
  const applied = new Map<string, number>();
  if (found[0]?.there === true) {
    const { rows } = await client.query<{ file: string; version: number }>(
      'SELECT file, version FROM public.suho_schema_versions',
    );
    for (const { file, version } of rows) applied.set(file, version);
  }
  return POSTGRES_SCHEMAS.map((file) => ({
    file,
    version: versionOf(file, schemaText(file)),
    applied: applied.get(file),
  }));
}

/** Whether an error is about names or rights: something of another program is there, or the login may not. */
function isForeign(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(42|3F)/.test(error.code ?? '');
}

async function connected<T>(
  connection: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: 5_000, ...connection });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    if (error instanceof SuhoError) throw error;
    const advice = isForeign(error)
      ? '. Give Suho a database without tables of other programs, and a login that may create schemas in it.'
      : '';
    throw new SuhoError('STORE_UNAVAILABLE', `PostgreSQL answered: ${messageOf(error)}${advice}`, {
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Which schema files a PostgreSQL has, and which this program brings. Throws `STORE_UNAVAILABLE`. */
export async function schemaStatus(connection: pg.ClientConfig): Promise<SchemaStatus[]> {
  return await connected(connection, statusOf);
}

/**
 * Applies the files a PostgreSQL does not have yet, or all of them when `again`. Several at once wait for each
 * other. Returns what was applied; `onWarning` is told what a store lacks that it could have. Throws `STORE_UNAVAILABLE`, also for a store that a newer program applied to.
 */
export async function applySchemas(
  connection: pg.ClientConfig,
  again = false,
  onWarning?: (message: string) => void,
): Promise<string[]> {
  return await connected(connection, async (client) => {
    client.on('notice', ({ severity, message }) => {
      if (severity === 'WARNING' && message !== undefined) onWarning?.(message);
    });
    const status = await statusOf(client);
    const newer = status.find(({ version, applied }) => applied !== undefined && applied > version);
    if (newer !== undefined) {
      throw new SuhoError(
        'STORE_UNAVAILABLE',
        `The store has version ${newer.applied} of ${newer.file}; this Suho knows version ${newer.version}. Use a newer Suho.`,
      );
    }
    const missing = status.filter(({ version, applied }) => again || applied !== version);
    for (const { file } of missing) await client.query(schemaText(file));
    return missing.map(({ file }) => file);
  });
}
