import type { Signal } from '../../actors/signals/signal.js';
import type { Journal } from '../journal/journal.js';
import type { ConclusionRecord } from '../journal/records.js';
import type { PublishedSignal } from './subscription.js';

interface Unpublished extends PublishedSignal {
  readonly ticket: number;
}

/** Signals on their way out: seen by nobody before they would survive a crash, and by everyone in their order after. */
export class Publication {
  readonly #journal: Journal;
  #unpublished: Unpublished[] = [];
  readonly #listeners = new Set<(published: PublishedSignal) => void>();

  constructor(journal: Journal) {
    this.#journal = journal;
    journal.onCommitted(() => this.#publish());
  }

  /** Has each signal from now on, as soon as it is durable. The function given back ends that. */
  onSignal(listener: (published: PublishedSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes what a signal actor concluded. */
  conclude(conclusion: ConclusionRecord): void {
    const sequence = this.#journal.predictions.appendConclusion(conclusion);
    if (sequence === undefined || conclusion.result.kind !== 'signal') return;
    this.#unpublished.push({ sequence, signal: conclusion.result.signal, ticket: this.#journal.ticket });
  }

  /** The newest signal of some actors that is kept. */
  latest(actorIds: readonly string[]): PublishedSignal | undefined {
    let latest: { readonly sequence: number; readonly signal: Signal } | undefined;
    for (const actorId of actorIds) {
      const found = this.#journal.predictions.conclusions.latestSignal(actorId);
      if (found !== undefined && found.sequence > (latest?.sequence ?? 0)) latest = found;
    }
    return latest;
  }

  #publish(): void {
    const through = this.#journal.durableThrough;
    let ready = 0;
    while (ready < this.#unpublished.length && this.#unpublished[ready]!.ticket <= through) ready++;
    if (ready === 0) return;
    for (const { sequence, signal } of this.#unpublished.splice(0, ready))
      for (const listener of this.#listeners) listener({ sequence, signal });
  }
}
