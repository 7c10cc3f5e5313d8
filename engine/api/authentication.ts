import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { Config } from '../config.js';
import { hashOfKey, type ApiKeys, type KeyOwner } from '../credentials/api-keys.js';
import { covers, isRole, type Caller, type Role } from '../credentials/caller.js';
import { isTenantId, tenantIdDefect } from '../credentials/tenant-id.js';
import { StatusFailure } from './failure.js';

/** The tenant that exists without any configuration. */
export const DEFAULT_TENANT = 'default';

/** A user is stored with the trades it reports, so its name is one that every store can hold. */
const USER_MAX = 255;
const NOT_STORED = /\p{Cc}|\p{Cs}/u;

type AuthContext = ReturnType<ServerUnaryCall<unknown, unknown>['getAuthContext']>;

/** What a call brings to say who calls. */
export interface Presented {
  readonly metadata: Metadata;
  /** Not there for what comes over HTTP, which brings no client certificate. */
  getAuthContext?(): AuthContext;
}

/**
 * Tells tenant, user and role from the credential of a call, never from its request: an API key or a JWT in
 * `authorization: Bearer …`, or a client certificate (O is the tenant, CN the user, OU the role). Where no
 * credential is configured, the engine serves loopback only and every caller is the first tenant's operator.
 */
export class Authentication {
  readonly #configured = new Map<string, KeyOwner>();
  readonly #tenants: Config['tenants'];
  readonly #stored: ApiKeys;
  readonly #fallback: Caller;
  readonly #jwt: Config['auth']['jwt'];
  readonly #jwks: ReturnType<typeof createRemoteJWKSet> | undefined;
  readonly #certificates: boolean;
  /** Whether keys were ever in force. */
  #hadKeys = false;

  constructor(config: Config, stored: ApiKeys) {
    const { auth, grpc } = config;
    this.#tenants = config.tenants;
    this.reload();
    this.#stored = stored;
    this.#jwt = auth.jwt;
    this.#jwks = auth.jwt === undefined ? undefined : createRemoteJWKSet(new URL(auth.jwt.jwksUri));
    this.#certificates = grpc.tls?.clientCaFile !== undefined;
    this.#fallback = {
      tenantId: config.tenants[0]?.id ?? DEFAULT_TENANT,
      userId: undefined,
      role: 'operator',
      isValid: () => !this.isRequired,
    };
  }

  /** Takes the API keys that the configuration has now; open streams of one that is gone end. */
  reload(): void {
    this.#configured.clear();
    for (const { id, apiKeySha256 } of this.#tenants)
      for (const key of apiKeySha256) {
        const { sha256, role, user } =
          typeof key === 'string' ? { sha256: key, role: 'operator' as const, user: undefined } : key;
        this.#configured.set(sha256, { tenantId: id, userId: user, role });
      }
    if (this.#configured.size > 0) this.#hadKeys = true;
  }

  /**
   * Whether a caller must show a credential. Until the store of keys has answered once, it must; and where keys were
   * needed they are for the life of the process: revoking the last one lets nobody in.
   */
  get isRequired(): boolean {
    if (this.#configured.size > 0 || this.#jwks !== undefined || this.#certificates) return true;
    const stored = this.#stored.size;
    if (stored !== undefined && stored > 0) this.#hadKeys = true;
    return this.#hadKeys || stored !== 0;
  }

  /** Who calls. Throws UNAUTHENTICATED, and PERMISSION_DENIED when the caller's role is not enough. */
  async callerOf(call: Presented, needed: Role): Promise<Caller> {
    const caller = await this.#identify(call);
    requireRole(caller, needed);
    return caller;
  }

  async #identify(call: Presented): Promise<Caller> {
    if (!this.isRequired) return this.#fallback;
    const context = this.#certificates ? call.getAuthContext?.() : undefined;
    const certified = context === undefined ? undefined : readCertificate(context);
    const [header] = call.metadata.get('authorization');
    const token = typeof header === 'string' ? /^Bearer (.+)$/i.exec(header)?.[1] : undefined;
    if (token === undefined) {
      if (certified !== undefined) return certified;
      this.#needKeys();
      throw new StatusFailure(
        'CREDENTIAL_MISSING',
        'Send your API key or token as "authorization: Bearer …".',
      );
    }
    const caller = token.split('.').length === 3 ? await this.#fromToken(token) : this.#fromKey(token);
    if (certified !== undefined && certified.tenantId !== caller.tenantId)
      throw new StatusFailure('CREDENTIAL_CONFLICT', 'The certificate and the token are of two tenants.');
    return caller;
  }

  #fromKey(key: string): Caller {
    const hash = hashOfKey(key);
    const find = (): KeyOwner | undefined => this.#configured.get(hash) ?? this.#stored.ownerOf(hash);
    const owner = find();
    if (owner !== undefined) return { ...owner, isValid: () => find() !== undefined };
    this.#needKeys();
    throw new StatusFailure('CREDENTIAL_UNKNOWN', 'The API key is not known.');
  }

  /** Throws UNAVAILABLE while it is not known which keys there are. */
  #needKeys(): void {
    if (this.#stored.size !== undefined) return;
    throw new StatusFailure(
      'KEYS_UNAVAILABLE',
      'The store of API keys has not answered since the engine’s first start; try again soon.',
    );
  }

  async #fromToken(token: string): Promise<Caller> {
    if (this.#jwks === undefined || this.#jwt === undefined)
      throw new StatusFailure('TOKENS_NOT_ACCEPTED', 'Tokens are not taken here; send an API key.');
    const { issuer, audience, tenantClaim, userClaim, roleClaim } = this.#jwt;
    let claims: Readonly<Record<string, unknown>>;
    try {
      const verified = await jwtVerify(token, this.#jwks, { issuer, audience, requiredClaims: ['exp'] });
      claims = verified.payload;
    } catch (error) {
      if (error instanceof errors.JOSEError && error.code !== 'ERR_JWKS_TIMEOUT')
        throw new StatusFailure('TOKEN_REFUSED', `The token is refused: ${error.message}.`);
      throw new StatusFailure('JWKS_UNAVAILABLE', 'Cannot fetch the issuer’s JWKS; try again later.');
    }
    const tenantId = claims[tenantClaim];
    const role = claims[roleClaim] ?? 'viewer';
    const user = claims[userClaim];
    const defect = identityDefect(tenantId, role, user);
    if (defect !== undefined || !isTenantId(tenantId) || !isRole(role)) {
      throw new StatusFailure(
        'CREDENTIAL_INCOMPLETE',
        `The token must carry a tenant in ${tenantClaim} and a role in ${roleClaim}: ${defect}.`,
      );
    }
    const expiresMs = Number(claims['exp']) * 1000;
    return {
      tenantId,
      userId: typeof user === 'string' ? user : undefined,
      role,
      isValid: () => Date.now() < expiresMs,
    };
  }
}

/** Throws PERMISSION_DENIED when a caller's role is not enough. */
export function requireRole({ role }: Caller, needed: Role): void {
  if (covers(role, needed)) return;
  throw new StatusFailure(
    'ROLE_TOO_LOW',
    `This takes the role ${needed}; the credential has the role ${role}.`,
    { metadata: { needed_role: needed, role } },
  );
}

/** What is wrong with the tenant and the role of a credential, as a clause for a message. */
function identityDefect(tenantId: unknown, role: unknown, user: unknown): string | undefined {
  if (typeof tenantId !== 'string') return 'there is no tenant';
  const defect = tenantIdDefect(tenantId);
  if (defect !== undefined) return defect;
  if (!isRole(role)) return `there is no role ${JSON.stringify(role)}`;
  if (typeof user !== 'string' || (user.length <= USER_MAX && !NOT_STORED.test(user))) return undefined;
  return `the user has more than ${USER_MAX} characters, a control character or half a surrogate pair`;
}

/** Whose certificate a connection has; it was checked against the configured authority when it was made. */
function readCertificate({ sslPeerCertificate }: AuthContext): Caller {
  const subject = sslPeerCertificate?.subject;
  const first = (value: string | string[] | undefined): string | undefined =>
    Array.isArray(value) ? value[0] : value;
  const tenantId = first(subject?.O);
  const role = first(subject?.OU) ?? 'viewer';
  const user = first(subject?.CN);
  const defect = identityDefect(tenantId, role, user);
  if (defect !== undefined || !isTenantId(tenantId) || !isRole(role)) {
    throw new StatusFailure(
      'CREDENTIAL_INCOMPLETE',
      `The certificate’s subject must carry a tenant (O) and a role (OU): ${defect}.`,
    );
  }
  const expiresMs = Date.parse(sslPeerCertificate?.valid_to ?? '');
  return { tenantId, userId: user, role, isValid: () => Date.now() < expiresMs };
}
