import type { Effect, Message } from './messages.js';
import type { Actor } from './runtime/actor.js';

/** Id of a tenant's own actor. */
export function tenantActorId(tenantId: string): string {
  return `tenant:${tenantId}`;
}

/** The parent of a tenant's signal actors: keeps what became of every bar that asked for a signal. */
export class TenantActor implements Actor<Message, Effect> {
  readonly id: string;
  readonly #counts = new Map<string, number>();

  constructor(tenantId: string) {
    this.id = tenantActorId(tenantId);
  }

  /** Signals by direction, withheld ones by reason, abstentions by `abstained:REASON`. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  receive(message: Message): void {
    if (message.kind !== 'tally') throw new Error(`A tenant takes no "${message.kind}" message.`);
    this.#add(message.outcome);
    for (const reason of message.abstained) this.#add(`abstained:${reason}`);
  }

  #add(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}
