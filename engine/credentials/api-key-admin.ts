import type pg from 'pg';
import { Database } from '../database/database.js';
import { hashOfKey, newKey, type KeyOwner } from './api-keys.js';
import { readTenantId } from './tenant-id.js';

export interface ListedKey extends KeyOwner {
  readonly keyId: string;
  readonly note: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | undefined;
}

interface KeyRow {
  readonly key_id: string;
  readonly tenant_id: string;
  readonly user_id: string | null;
  readonly role: KeyOwner['role'];
  readonly note: string;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

/** All API keys, for their administrator. */
export class ApiKeyAdmin {
  readonly #database: Database;

  constructor(connection: pg.PoolConfig) {
    this.#database = new Database({ ...connection, max: 1 });
  }

  /** Creates a key. The key itself is in the answer and nowhere else. Throws `BAD_INPUT` for what is no tenant id. */
  async create(owner: KeyOwner & { readonly note: string }): Promise<{
    readonly key: string;
    readonly keyId: string;
  }> {
    const { key, keyId } = newKey();
    const { userId, role, note } = owner;
    const tenantId = readTenantId(owner.tenantId);
    await this.#database.asLogin((client) =>
      client.query(
        'INSERT INTO api_keys (key_id, sha256, tenant_id, user_id, role, note) VALUES ($1, $2, $3, $4, $5, $6)',
        [keyId, hashOfKey(key), tenantId, userId ?? null, role, note],
      ),
    );
    return { key, keyId };
  }

  async list(): Promise<readonly ListedKey[]> {
    return await this.#database.asLogin(async (client) => {
      const { rows } = await client.query<KeyRow>('SELECT * FROM api_keys ORDER BY created_at');
      return rows.map((row) => ({
        keyId: row.key_id,
        tenantId: row.tenant_id,
        userId: row.user_id ?? undefined,
        role: row.role,
        note: row.note,
        createdAt: row.created_at,
        revokedAt: row.revoked_at ?? undefined,
      }));
    });
  }

  /** Ends a key; false when there is none of that id in force. */
  async revoke(keyId: string): Promise<boolean> {
    return await this.#database.asLogin(async (client) => {
      const { rowCount } = await client.query(
        'UPDATE api_keys SET revoked_at = now() WHERE key_id = $1 AND revoked_at IS NULL',
        [keyId],
      );
      return rowCount === 1;
    });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
