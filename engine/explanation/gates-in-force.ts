import type { Gates } from '../../actors/signals/gates.js';
import type { Journal } from '../journal/journal.js';

/** Gates of a tenant, and the sequence number of the newest signal made before they came into force. */
interface GatesSince {
  readonly after: number;
  readonly gates: Gates;
}

const FACT = 'gates';
/** Changes remembered of a tenant; before the oldest of them its first gates are taken. */
const CHANGES_MAX = 50;

/**
 * Remembers in the journal which gates each tenant's signals passed: a configuration changes, and a signal is explained with
 * the limits it met.
 */
export class GatesInForce {
  readonly #journal: Pick<Journal, 'fact' | 'putFact' | 'predictions'>;
  readonly #now: (tenantId: string) => Gates;

  /** `now` are the gates that signals of a tenant meet now. */
  constructor(journal: Pick<Journal, 'fact' | 'putFact' | 'predictions'>, now: (tenantId: string) => Gates) {
    this.#journal = journal;
    this.#now = now;
  }

  /** Takes note of the gates of tenants as they are now, where they changed. */
  note(tenantIds: Iterable<string>): void {
    const known = this.#known();
    const after = this.#journal.predictions.conclusions.newest;
    const changed: Record<string, readonly GatesSince[]> = {};
    for (const tenantId of tenantIds) {
      const before = known[tenantId] ?? [];
      const gates = this.#now(tenantId);
      if (JSON.stringify(before.at(-1)?.gates) === JSON.stringify(gates)) continue;
      changed[tenantId] = [...before.slice(1 - CHANGES_MAX), { after, gates: { ...gates } }];
    }
    if (Object.keys(changed).length > 0) this.#journal.putFact(FACT, { ...known, ...changed });
  }

  /** The gates that a signal met; those of now for one whose place in the stream is not known. */
  of(tenantId: string, sequence: number | undefined): Gates {
    const changes = this.#known()[tenantId] ?? [];
    if (sequence === undefined) return this.#now(tenantId);
    return (changes.findLast(({ after }) => after < sequence) ?? changes[0])?.gates ?? this.#now(tenantId);
  }

  #known(): Readonly<Record<string, readonly GatesSince[]>> {
    return (this.#journal.fact(FACT) as Record<string, readonly GatesSince[]> | undefined) ?? {};
  }
}
