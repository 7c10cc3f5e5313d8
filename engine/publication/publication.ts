import type { Clock } from '../clock.js';
import type { Journal } from '../journal/journal.js';
import type { ConclusionRecord } from '../journal/records.js';
import type { BarTracing, StageTimes } from '../stage-times.js';
import type { PublishedSignal } from './subscription.js';

interface Unpublished extends PublishedSignal {
  readonly ticket: number;
  readonly concludedAt: number;
  readonly arrivedAt: number | undefined;
  readonly askedAt: number | undefined;
}

/** Signals on their way out: seen by nobody before they would survive a crash, and by everyone in their order after. */
export class Publication {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #times: StageTimes | undefined;
  readonly #tracing: BarTracing | undefined;
  #unpublished: Unpublished[] = [];
  readonly #listeners = new Set<(published: PublishedSignal) => void>();

  constructor(journal: Journal, clock: Clock, times?: StageTimes, tracing?: BarTracing) {
    this.#journal = journal;
    this.#clock = clock;
    this.#times = times;
    this.#tracing = tracing;
    journal.onCommitted(() => this.#publish());
  }

  /** Has each signal from now on, as soon as it is durable. The function given back ends that. */
  onSignal(listener: (published: PublishedSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes what a signal actor concluded; when its bar came in and its models were asked, on the monotonic clock. */
  conclude(conclusion: ConclusionRecord, arrivedAt?: number, askedAt?: number): void {
    const sequence = this.#journal.predictions.appendConclusion(conclusion);
    if (sequence === undefined || conclusion.result.kind !== 'signal') return;
    const { signal } = conclusion.result;
    this.#unpublished.push({
      sequence,
      actorId: conclusion.actorId,
      signal,
      ticket: this.#journal.ticket,
      concludedAt: this.#clock.monotonic(),
      arrivedAt,
      askedAt,
    });
    // What was gathered before a crash took its time then.
    if (arrivedAt === undefined) return;
    this.#times?.observe('inference', signal.timing.inferenceMs);
    this.#times?.observe('patterns', signal.timing.patternsMs);
  }

  /** The newest signal of an actor that is kept. */
  latest(actorId: string): PublishedSignal | undefined {
    return this.#journal.predictions.conclusions.latestSignal(actorId);
  }

  #publish(): void {
    const through = this.#journal.durableThrough;
    let ready = 0;
    while (ready < this.#unpublished.length && this.#unpublished[ready]!.ticket <= through) ready++;
    if (ready === 0) return;
    const now = this.#clock.monotonic();
    for (const each of this.#unpublished.splice(0, ready)) {
      const { sequence, actorId, signal, concludedAt, arrivedAt, askedAt } = each;
      this.#times?.observe('commit', now - concludedAt);
      if (arrivedAt !== undefined) this.#times?.observe('total', now - arrivedAt);
      for (const listener of this.#listeners) listener({ sequence, actorId, signal });
      if (this.#tracing === undefined || arrivedAt === undefined || askedAt === undefined) continue;
      const sentAt = this.#clock.monotonic();
      this.#tracing.sent({ signal, arrivedAt, askedAt, concludedAt, durableAt: now, sentAt });
    }
  }
}
