import { createHash } from 'node:crypto';
import { status, type Metadata } from '@grpc/grpc-js';
import type { TenantConfig } from '../config.js';
import { StatusFailure } from './status.js';

/** The tenant that exists without any configuration. */
export const DEFAULT_TENANT = 'default';

/**
 * Tells the tenant from the credential of a call: `authorization: Bearer KEY`. Where no tenant has a key, the
 * engine serves loopback only and every caller is the first tenant.
 */
export class Authentication {
  readonly #tenantOfKey = new Map<string, string>();
  readonly #fallback: string;

  constructor(tenants: readonly TenantConfig[]) {
    for (const { id, apiKeySha256 } of tenants)
      for (const hash of apiKeySha256) this.#tenantOfKey.set(hash, id);
    this.#fallback = tenants[0]?.id ?? DEFAULT_TENANT;
  }

  /** Throws UNAUTHENTICATED when the key is missing or unknown. */
  tenantOf(metadata: Metadata): string {
    if (this.#tenantOfKey.size === 0) return this.#fallback;
    const [header] = metadata.get('authorization');
    const key = typeof header === 'string' ? /^Bearer (.+)$/i.exec(header)?.[1] : undefined;
    if (key === undefined) {
      throw new StatusFailure(status.UNAUTHENTICATED, 'Send your API key as "authorization: Bearer KEY".');
    }
    const tenant = this.#tenantOfKey.get(createHash('sha256').update(key).digest('hex'));
    if (tenant === undefined) throw new StatusFailure(status.UNAUTHENTICATED, 'The API key is not known.');
    return tenant;
  }
}
