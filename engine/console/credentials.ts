import { Metadata } from '@grpc/grpc-js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Presented } from '../api/authentication.js';
import { StatusFailure } from '../api/failure.js';
import type { ApiServer } from '../api/server.js';
import type { Caller, Role } from '../credentials/caller.js';
import { SESSION_MS, Sessions } from './session.js';

/** A credential as a call of the API brings it. */
function presented(authorization: string | undefined): Presented {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  return { metadata };
}

/** Without any credential configured, whoever comes from elsewhere has none to show. */
function needsCredential(): StatusFailure {
  return new StatusFailure(
    'CREDENTIAL_MISSING',
    'Without credentials the console is for this machine only; make an API key (suho keys create).',
  );
}

/**
 * Tells who asks over HTTP, by the same credentials, roles and quotas as the API: from the cookie of a session, or from
 * `authorization: Bearer …`.
 */
export class HttpCallers {
  readonly #api: ApiServer;
  readonly #sessions = new Sessions();
  readonly #cookie: string;
  readonly #isSecure: boolean;
  readonly #isLocal: (request: FastifyRequest) => boolean;
  readonly #admitted = new WeakMap<FastifyRequest, Caller>();

  /** Cookies do not tell ports apart, so their name does. Without a credential only who `isLocal` is let in. */
  constructor(
    api: ApiServer,
    port: number,
    isSecure: boolean,
    isLocal: (request: FastifyRequest) => boolean,
  ) {
    this.#isLocal = isLocal;
    this.#api = api;
    this.#cookie = `suho_session_${port}`;
    this.#isSecure = isSecure;
  }

  /** Who asks, if the role is enough and the tenant has not asked too often. */
  async admit(request: FastifyRequest, role: Role): Promise<Caller> {
    const caller = await this.#admit(request, role);
    this.#admitted.set(request, caller);
    return caller;
  }

  /** Who was let in with a request; undefined when nobody was. */
  admitted(request: FastifyRequest): Caller | undefined {
    return this.#admitted.get(request);
  }

  async #admit(request: FastifyRequest, role: Role): Promise<Caller> {
    const { admission } = this.#api;
    const length = Number(request.headers['content-length'] ?? 0) || 0;
    const token = this.#tokenOf(request);
    const caller = token === undefined ? undefined : this.#sessions.callerOf(token, Date.now());
    if (caller !== undefined) return await admission.admitKnown(caller, role, length);
    if (!this.#api.credentialsRequired && !this.#isLocal(request)) throw needsCredential();
    return await admission.admit(presented(request.headers.authorization), role, length);
  }

  /** Begins a session with a credential, which is checked as the API checks it. */
  async begin(key: string, reply: FastifyReply): Promise<Caller> {
    const caller = await this.#api.admission.admit(presented(`Bearer ${key}`), 'viewer');
    const token = this.#sessions.begin(caller, Date.now());
    this.#setCookie(reply, token, Math.floor(SESSION_MS / 1000));
    return caller;
  }

  end(request: FastifyRequest, reply: FastifyReply): void {
    const token = this.#tokenOf(request);
    if (token !== undefined) this.#sessions.end(token);
    this.#setCookie(reply, '', 0);
  }

  #setCookie(reply: FastifyReply, token: string, seconds: number): void {
    const secure = this.#isSecure ? '; Secure' : '';
    reply.header(
      'set-cookie',
      `${this.#cookie}=${token}; Path=/api; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`,
    );
  }

  #tokenOf({ headers }: FastifyRequest): string | undefined {
    for (const part of (headers.cookie ?? '').split(';')) {
      const [name, value] = part.trim().split('=');
      if (name === this.#cookie && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
    }
    return undefined;
  }
}
