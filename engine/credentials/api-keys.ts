import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { Database } from '../database/database.js';
import { messageOf } from '../errors.js';
import { isRole, type Role } from './caller.js';
import { isTenantId } from './tenant-id.js';

/** Whose a key is. */
export interface KeyOwner {
  readonly tenantId: string;
  readonly userId: string | undefined;
  readonly role: Role;
}

/** Keys in force by the SHA-256 of each, as they are kept for a start with the store away. */
export type KeyTable = Readonly<Record<string, KeyOwner>>;

/** Keys are asked for again after this long, should a notification have been missed. */
const REFRESH_MS = 30_000;
const RETRY_MS = 2_000;
/** A server that is gone without a word would else be waited for until TCP gives up, a quarter of an hour. */
const UNANSWERED: pg.ClientConfig = {
  connectionTimeoutMillis: 5_000,
  query_timeout: 5_000,
  keepAlive: true,
};

/** SHA-256 of a key. A key is 256 random bits, so no slower hash and no salt is needed. */
export function hashOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** A new key and the id it is listed by. */
export function newKey(): { readonly key: string; readonly keyId: string } {
  const keyId = randomBytes(6).toString('hex');
  return { key: `suho_${randomBytes(32).toString('base64url')}`, keyId };
}

/**
 * The API keys in force, from PostgreSQL (schemas/02), told at once of any that is made or revoked. With the
 * store away those known last go on.
 */
export class ApiKeys {
  readonly #connection: pg.PoolConfig;
  readonly #database: Database;
  readonly #log: Logger;
  readonly #remember: (table: KeyTable) => void;
  #table: ReadonlyMap<string, KeyOwner> | undefined;
  #listener: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #error: string | undefined;
  #stopped = false;

  constructor(
    connection: pg.PoolConfig,
    remembered: KeyTable | undefined,
    remember: (table: KeyTable) => void,
    log: Logger,
  ) {
    this.#connection = connection;
    this.#database = new Database({ ...UNANSWERED, ...connection, max: 1 });
    this.#remember = remember;
    this.#log = log;
    if (remembered !== undefined) this.#table = new Map(Object.entries(remembered));
  }

  /** Begins to follow the store; settles after the first answer or failure. */
  async start(): Promise<void> {
    await this.#refresh();
    void this.#follow();
  }

  /** Owner of a key that is in force. */
  ownerOf(hash: string): KeyOwner | undefined {
    return this.#table?.get(hash);
  }

  /** Number of keys in force; undefined while the store has never answered. */
  get size(): number | undefined {
    return this.#table?.size;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#listener?.end().catch(() => undefined);
    await this.#database.close();
  }

  /** Reads the keys; tries again soon when it cannot, for a key may have been revoked. */
  async #refresh(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      const rows = await this.#database.transaction({}, async (client) => {
        const answer = await client.query<{
          sha256: string;
          tenant_id: string;
          user_id: string | null;
          role: string;
        }>('SELECT sha256, tenant_id, user_id, role FROM public.suho_active_keys()');
        return answer.rows;
      });
      const table = Object.fromEntries(
        rows.flatMap(({ sha256, tenant_id: tenantId, user_id: userId, role }) =>
          isRole(role) && isTenantId(tenantId)
            ? [[sha256, { tenantId, userId: userId ?? undefined, role }]]
            : [],
        ),
      );
      this.#table = new Map(Object.entries(table));
      this.#remember(table);
      this.#error = undefined;
    } catch (error) {
      const why = messageOf(error);
      if (this.#error !== why)
        this.#log.warn({ error: why }, 'cannot read the API keys; the last known ones stay valid');
      this.#error = why;
      clearTimeout(this.#retry);
      if (!this.#stopped) this.#retry = setTimeout(() => void this.#refresh(), RETRY_MS);
    }
  }

  async #follow(): Promise<void> {
    while (!this.#stopped) {
      const client = new pg.Client({ ...UNANSWERED, ...this.#connection });
      this.#listener = client;
      const broken = new Promise<void>((resolve) => {
        // More than once: a server that goes away says so, and then the connection ends as well.
        client.on('error', () => resolve());
        client.once('end', () => resolve());
      });
      let refresh: NodeJS.Timeout | undefined;
      try {
        await client.connect();
        client.on('notification', () => void this.#refresh());
        await client.query('LISTEN suho_keys');
        await this.#refresh();
        refresh = setInterval(() => void this.#refresh(), REFRESH_MS);
        await broken;
      } catch {
        // Tried again below.
      } finally {
        clearInterval(refresh);
        await client.end().catch(() => undefined);
      }
      if (!this.#stopped) await sleep(RETRY_MS, undefined, { ref: false });
    }
  }
}
