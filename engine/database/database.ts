import pg from 'pg';
import { SuhoError, messageOf } from '../errors.js';

// bigint (count) as a number: no count here comes near 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** Role the engine's statements run as: it owns nothing and row-level security holds for it. */
const ENGINE_ROLE = 'suho_engine';

/** How long a person's query may take. */
const ASK_MS_MAX = 60_000;

/** Whose rows a transaction may see and write; none of a tenant's without `tenantId`. */
export interface Scope {
  readonly tenantId?: string;
  readonly userId?: string | undefined;
  /** Whether it may write what belongs to the platform. */
  readonly platform?: boolean;
}

export type Row = Record<string, unknown>;

/** Statements that set settings until the transaction ends. Not by `set_config`, which a server of one's own lets nobody call. */
export function setLocal(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `SET LOCAL ${name} = ${pg.escapeLiteral(value)}`)
    .join('; ');
}

/**
 * Connections to one PostgreSQL. Every statement of the engine's runs in a transaction that first takes the
 * engine's role and says whose it is; both end with the transaction, so that a pooled connection carries
 * nothing over to the next tenant, also behind a pooler.
 */
export class Database {
  readonly #pool: pg.Pool;

  constructor(connection: pg.PoolConfig) {
    this.#pool = new pg.Pool({ max: 4, connectionTimeoutMillis: 5_000, ...connection });
    // A connection that breaks while idle is replaced on the next use.
    this.#pool.on('error', () => undefined);
    // A server that goes away tells each connection, at any moment: also between a use and the pool's own listening. The
    // query that waits fails as well.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Runs statements as the engine for a scope, all or none of them. */
  async transaction<T>(scope: Scope, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const { tenantId = '', userId = '', platform = false } = scope;
    const settings = setLocal({
      'suho.tenant_id': tenantId,
      'suho.user_id': userId,
      'suho.scope': platform ? 'platform' : '',
    });
    return await this.#run(`BEGIN; SET LOCAL ROLE ${ENGINE_ROLE}; ${settings}`, work);
  }

  /**
   * Runs statements as whoever the connection logged in as: for an administrator. Table names mean the tables
   * themselves, with every tenant's rows.
   */
  async asLogin<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return await this.#run('BEGIN; SET LOCAL search_path = suho_private, public', work);
  }

  async #run<T>(begin: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let failure: Error | undefined;
    try {
      await client.query(begin);
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      // One that failed is not used again.
      client.release(failure);
    }
  }

  /**
   * Runs one query for a person: of one tenant's rows, or of all that the login sees, where table names mean the tables
   * themselves. It only reads: the transaction is read-only, and the query is a cursor's, which can be no other
   * statement and not two. Throws `BAD_INPUT` with PostgreSQL's own words, and `STORE_UNAVAILABLE` while it is away.
   */
  async ask(query: string, tenantId?: string, rowsMax?: number): Promise<readonly Row[]> {
    const whose =
      tenantId === undefined
        ? 'SET LOCAL search_path = suho_private, public'
        : `SET LOCAL ROLE ${ENGINE_ROLE}; ${setLocal({ 'suho.tenant_id': tenantId, 'suho.user_id': '', 'suho.scope': '' })}`;
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw askFailure(error);
    });
    try {
      await client.query(
        `BEGIN TRANSACTION READ ONLY; SET LOCAL default_transaction_read_only = on; SET LOCAL statement_timeout = ${ASK_MS_MAX}; ${whose}`,
      );
      // The extended protocol takes one statement.
      const declaration: pg.QueryConfig & { readonly queryMode: 'extended' } = {
        text: `DECLARE answer NO SCROLL CURSOR FOR ${query}`,
        queryMode: 'extended',
      };
      await client.query(declaration);
      return (await client.query<Row>(`FETCH ${rowsMax ?? 'ALL'} FROM answer`)).rows;
    } catch (error) {
      throw askFailure(error);
    } finally {
      // Nothing it set outlives it.
      client.release(true);
    }
  }

  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end();
  }
}

/** What a person's query failed of: the query itself, when PostgreSQL says so, else a server that is away. */
function askFailure(error: unknown): SuhoError {
  const text = `PostgreSQL answered: ${messageOf(error)}`;
  // Class 08 is the connection, 53 a server without room, 57P a server that stops; 57014 is a query that took too long.
  const isAboutQuery = error instanceof pg.DatabaseError && !/^(?:08|28|53|57P)/.test(error.code ?? '');
  return new SuhoError(isAboutQuery ? 'BAD_INPUT' : 'STORE_UNAVAILABLE', text, { cause: error });
}
