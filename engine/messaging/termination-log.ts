import type { Logger } from 'pino';
import { quoted, tenantToken } from './delivery.js';

/** Tenants counted by name; a subject may name any. */
const TENANTS_MAX = 1_000;
const OTHERS = '(others)';
/** A tenant that floods us with invalid messages does not flood the log. */
const LOG_EVERY_MS = 1_000;

/** Counts terminated messages by tenant, and logs them: one a second for each tenant, with their number. */
export class TerminationLog {
  readonly #log: Logger;
  readonly #tenants = new Map<string, { count: number; loggedMs: number }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#tenants].map(([tenant, { count }]) => [tenant, count]));
  }

  add(subject: string, reason: string): void {
    const named = tenantToken(subject).slice(0, 63);
    const tenant = this.#tenants.has(named) || this.#tenants.size < TENANTS_MAX ? named : OTHERS;
    const tally = this.#tenants.get(tenant) ?? { count: 0, loggedMs: -Infinity };
    this.#tenants.set(tenant, tally);
    tally.count++;
    const now = performance.now();
    if (now < tally.loggedMs + LOG_EVERY_MS) return;
    tally.loggedMs = now;
    this.#log.error(
      { tenantId: quoted(tenant), subject: quoted(subject), reason, terminated: tally.count },
      'a permanently invalid message was terminated',
    );
  }
}
