import type { Caller, Role } from '../credentials/caller.js';
import { SuhoError } from '../errors.js';
import { requireRole, type Authentication, type Presented } from './authentication.js';
import { StatusFailure } from './failure.js';
import type { TenantQuotas } from './quotas.js';

/** How often open streams are looked at whether their credential still holds. */
const CREDENTIAL_CHECK_MS = 1_000;

function expired(): StatusFailure {
  return new StatusFailure('CREDENTIAL_EXPIRED', 'The credential expired or was revoked.');
}

/** Decides who may call: credential, role, quota. Ends streams whose credential no longer holds. */
export class Admission {
  readonly #authentication: Authentication;
  readonly #quotas: TenantQuotas;
  /** Open streams: whose, and how to end one. */
  readonly #streams = new Set<{
    readonly caller: Caller;
    readonly end: (failure: StatusFailure) => void;
  }>();
  #check: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(authentication: Authentication, quotas: TenantQuotas) {
    this.#authentication = authentication;
    this.#quotas = quotas;
  }

  start(): void {
    this.#check = setInterval(() => {
      for (const { caller, end } of this.#streams) if (!caller.isValid()) end(expired());
    }, CREDENTIAL_CHECK_MS);
  }

  /** Lets nobody in any more. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#check);
  }

  /** Ends all open streams, so that their clients know they may come again. */
  endStreams(): void {
    const stopping = new StatusFailure('STOPPING', 'The engine is stopping; call again in a moment.');
    for (const { end } of this.#streams) end(stopping);
  }

  /**
   * Who calls, if the role is enough and the tenant has not called too often. `byteLength` is that of the request,
   * where there is one already.
   */
  async admit(call: Presented, role: Role, byteLength = 0): Promise<Caller> {
    return await this.admitKnown(await this.#authentication.callerOf(call, role), role, byteLength);
  }

  /** As {@link admit}, for a caller whose credential was read before and may have ended since. */
  async admitKnown(caller: Caller, role: Role, byteLength = 0): Promise<Caller> {
    if (!caller.isValid()) throw expired();
    requireRole(caller, role);
    await this.#quotas.call(caller.tenantId, byteLength);
    // Looked at last, so that no handler runs on a journal that is closed meanwhile.
    if (this.#stopped) throw new SuhoError('STOPPING', 'The engine is stopping.');
    return caller;
  }

  /** Admits one more message of an open stream. */
  async admitMessage(caller: Caller, byteLength: number): Promise<void> {
    if (!caller.isValid()) throw expired();
    await this.#quotas.message(caller.tenantId, byteLength);
    if (this.#stopped) throw new SuhoError('STOPPING', 'The engine is stopping.');
  }

  /** Admits rows of market data. */
  async admitRows(caller: Caller, field: string, count: number): Promise<void> {
    await this.#quotas.rows(caller.tenantId, field, count);
  }

  /** Takes a place for a stream; `end` is called when its credential expires. The function given back leaves it. */
  openStream(caller: Caller, end: (failure: StatusFailure) => void): () => void {
    const leavePlace = this.#quotas.openStream(caller.tenantId);
    const stream = { caller, end };
    this.#streams.add(stream);
    return () => {
      this.#streams.delete(stream);
      leavePlace();
    };
  }
}
