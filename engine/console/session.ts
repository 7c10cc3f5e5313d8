import { createHash, randomBytes } from 'node:crypto';
import type { Caller } from '../credentials/caller.js';

/** A session ends this long after it began, however it is used. */
export const SESSION_MS = 8 * 3_600_000;
/** Sessions at once; the oldest goes first. */
const SESSIONS_MAX = 1_000;

interface Session {
  readonly caller: Caller;
  readonly endsAt: number;
}

/**
 * Sessions of browsers: a random token in a cookie stands for the credential that was shown once. The credential itself is
 * not kept, and neither is the token: only its hash.
 */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  /** Begins a session; returns its token. */
  begin(caller: Caller, now: number): string {
    for (const [key, { endsAt }] of this.#sessions) if (endsAt <= now) this.#sessions.delete(key);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= SESSIONS_MAX && oldest !== undefined) this.#sessions.delete(oldest);
    const token = randomBytes(32).toString('base64url');
    const endsAt = now + SESSION_MS;
    const isValid = (): boolean =>
      caller.isValid() && this.#sessions.has(hashOf(token)) && Date.now() < endsAt;
    this.#sessions.set(hashOf(token), { caller: { ...caller, isValid }, endsAt });
    return token;
  }

  /** Whose session it is; undefined when it is over or never was. */
  callerOf(token: string, now: number): Caller | undefined {
    const key = hashOf(token);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    if (session.endsAt > now && session.caller.isValid()) return session.caller;
    this.#sessions.delete(key);
    return undefined;
  }

  end(token: string): void {
    this.#sessions.delete(hashOf(token));
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
